import type { Clock } from '../clock.ts';
import { ForgeError } from '../errors.ts';
import type { RateLimit } from './records.ts';

/** What the breaker needs to know of an answer. Header names are in lower case. */
export interface ObservedAnswer {
  status: number;
  headers: Readonly<Record<string, string | number | undefined>>;
  /** GitHub's `message`: some secondary limits are told apart from a plain 403 by nothing else. */
  message: string;
}

const MINUTE_MS = 60_000;
const LONGEST_BACKOFF_MS = 60 * MINUTE_MS;
/** GitHub's windows last an hour; what says more than a day is a broken header. */
const LONGEST_WINDOW_MS = 24 * 60 * MINUTE_MS;

/**
 * Keeps every request of one client at home while GitHub's primary or a secondary limit is in force: going on asking
 * in that time is what gets an account banned.
 */
export class Breaker {
  readonly #clock: Clock;
  #closedUntil = 0;
  #refusalsInARow = 0;
  #rateLimit: RateLimit = { remaining: null, resetAt: null };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `unavailable` with `retryAt` while no request may leave. */
  check(): void {
    if (this.#clock.now() >= this.#closedUntil) return;
    throw new ForgeError(`GitHub's rate limit allows no request before ${iso(this.#closedUntil)}`, {
      category: 'unavailable',
      service: 'github',
      next: 'forge goes on by itself then',
      retryAt: this.#closedUntil,
    });
  }

  /** Learns from an answer's headers. True: GitHub refused it because of a limit, and `check` throws from now on. */
  observe(answer: ObservedAnswer): boolean {
    const now = this.#clock.now();
    const remaining = wholeNumber(answer.headers['x-ratelimit-remaining']);
    const resetSeconds = wholeNumber(answer.headers['x-ratelimit-reset']);
    const resetAt = resetSeconds === null ? null : resetSeconds * 1000;
    if (remaining !== null) this.#rateLimit = { remaining, resetAt };

    const retryAfterMs = retryAfter(answer.headers['retry-after'], now);
    if (!isRefusal(answer, remaining, retryAfterMs)) {
      this.#refusalsInARow = 0;
      if (remaining === 0 && resetAt !== null) this.#closeUntil(resetAt, now);
      return false;
    }
    // Requests that were under way together are refused together: they count once.
    if (now >= this.#closedUntil) this.#refusalsInARow++;
    const untilReset = remaining === 0 && resetAt !== null && resetAt > now ? resetAt - now : null;
    this.#closeUntil(now + (retryAfterMs ?? untilReset ?? backoff(this.#refusalsInARow)), now);
    return true;
  }

  /** The time before which no request leaves, as ms since epoch; it may lie in the past. */
  get closedUntil(): number {
    return this.#closedUntil;
  }

  get rateLimit(): RateLimit {
    return this.#rateLimit;
  }

  #closeUntil(time: number, now: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, Math.min(time, now + LONGEST_WINDOW_MS));
  }
}

function isRefusal(answer: ObservedAnswer, remaining: number | null, retryAfterMs: number | null): boolean {
  switch (answer.status) {
    case 429:
      return true;
    case 403:
      return remaining === 0 || retryAfterMs !== null || /rate limit|abuse detection/i.test(answer.message);
    case 503:
      return retryAfterMs !== null;
    default:
      return false;
  }
}

function backoff(refusals: number): number {
  return Math.min(MINUTE_MS * 2 ** Math.max(0, refusals - 1), LONGEST_BACKOFF_MS);
}

/** Seconds, or an HTTP date; anything else counts as not there. */
function retryAfter(header: string | number | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = wholeNumber(header);
  const ms = seconds === null ? Date.parse(String(header)) - now : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

function wholeNumber(header: string | number | undefined): number | null {
  return header !== undefined && /^\d{1,12}$/.test(String(header)) ? Number(header) : null;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
