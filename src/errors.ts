/**
 * What a failure means to whoever has to act on it. `unavailable` passes by itself and is worth another try
 * (not before `retryAt`, where known); `unauthorized`, `forbidden`, `not_found` and `invalid` need a person;
 * `limit` is a bound that forge itself enforces; `stale` says that the row moved on under the caller;
 * `internal` is a bug in forge.
 */
export type ErrorCategory =
  | 'usage'
  | 'settings'
  | 'not_running'
  | 'conflict'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'invalid'
  | 'unavailable'
  | 'limit'
  | 'stale'
  | 'internal';

export type Service = 'forge' | 'github' | 'docker' | 'git' | 'database' | 'agent';

export interface ForgeErrorFields {
  category: ErrorCategory;
  service: Service;
  /** The next step for a person, one sentence. */
  next?: string;
  /** Milliseconds since the epoch before which trying again is pointless. */
  retryAt?: number;
  data?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The only error class that forge throws. An adapter translates its SDK's error into one, once, at its edge. */
export class ForgeError extends Error {
  override readonly name = 'ForgeError';
  readonly category: ErrorCategory;
  readonly service: Service;
  readonly next: string | undefined;
  readonly retryAt: number | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, fields: ForgeErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.category = fields.category;
    this.service = fields.service;
    this.next = fields.next;
    this.retryAt = fields.retryAt;
    this.data = fields.data ?? {};
  }
}

/** True for a `ForgeError` of one of these categories; any other value is false. */
export function isForgeError(error: unknown, ...categories: ErrorCategory[]): error is ForgeError {
  return error instanceof ForgeError && (categories.length === 0 || categories.includes(error.category));
}

/** The text of anything that was thrown, for a log line or a reason. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
