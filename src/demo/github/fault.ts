/**
 * What goes wrong with a request instead of, or after, what it asked for. A client may send a request again by
 * itself when it is cut off on a connection that has served before (curl does so once, and with it git).
 */
export type Fault =
  /** This answer, and nothing is done. A body that is no string is sent as JSON. */
  | { status: number; headers?: Readonly<Record<string, string>>; body?: unknown }
  /** The connection ends and nothing is done. */
  | { cutBefore: true }
  /** It is done, then the connection ends without an answer. */
  | { cutAfter: true }
  /** It is done later than asked, and answered rightly. */
  | { delayMs: number }
  /** It is done, and the answer breaks off in the middle. */
  | { truncate: true }
  /** Something in between answers 200 with a web page, and nothing is done. */
  | { html: true };

/** A string is the whole path below the API's root, or a git path from `/`. */
export interface FaultMatch {
  method?: string;
  path: string | RegExp;
}

interface Entry {
  match: FaultMatch;
  fault: Fault;
  left: number;
}

/** The faults to come. Each happens to the first requests that match it, the oldest fault first. */
export class Faults {
  readonly #entries: Entry[] = [];

  add(match: FaultMatch, fault: Fault, times: number): void {
    this.#entries.push({ match, fault, left: times });
  }

  take(method: string, path: string): Fault | null {
    const entry = this.#entries.find(({ match, left }) => left > 0 && matches(match, method, path));
    if (entry === undefined) return null;
    entry.left -= 1;
    return entry.fault;
  }
}

function matches(match: FaultMatch, method: string, path: string): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  return typeof match.path === 'string' ? match.path === path : match.path.test(path);
}
