import type { Clock } from '../../clock.ts';

const HOUR = 3_600_000;
const ANONYMOUS_LIMIT = 60;

interface Window {
  limit: number;
  used: number;
  resetAt: number;
}

/** The primary rate limit: so many requests an hour for each account, and few for callers without a token. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  exhausted(login: string | null): boolean {
    const window = this.#window(login);
    return window.used >= window.limit;
  }

  spend(login: string | null): void {
    this.#window(login).used += 1;
  }

  headers(login: string | null): Record<string, string> {
    const { limit, used, remaining, reset } = this.overview(login);
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(used),
      'x-ratelimit-reset': String(reset),
      'x-ratelimit-resource': 'core',
    };
  }

  /** `reset` in seconds since the epoch. */
  overview(login: string | null): { limit: number; used: number; remaining: number; reset: number } {
    const { limit, used, resetAt } = this.#window(login);
    return { limit, used, remaining: limit - used, reset: Math.ceil(resetAt / 1000) };
  }

  #window(login: string | null): Window {
    const key = login ?? '';
    const window = this.#windows.get(key);
    if (window !== undefined && this.#clock.now() < window.resetAt) return window;
    const limit = login === null ? ANONYMOUS_LIMIT : this.#limit;
    const fresh = { limit, used: 0, resetAt: this.#clock.now() + HOUR };
    this.#windows.set(key, fresh);
    return fresh;
  }
}
