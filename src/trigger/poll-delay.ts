const LONGEST_BACKOFF_MS = 60_000;
/** With many repositories: at most so many polls a second begin together, at start and after a limit. */
const STARTS_PER_SECOND = 10;

export interface PollDelay {
  periodMs: number;
  /** Polls of this repository that failed in a row. */
  failures: number;
  /** How long GitHub wants to be left alone, in ms; 0 where it said nothing. */
  limitMs: number;
  repositories: number;
  random: () => number;
}

/** Milliseconds until a repository's next poll: the period ±10 %, twice as long after each failure, up to a minute. */
export function pollDelay({ periodMs, failures, limitMs, repositories, random }: PollDelay): number {
  const backoff = Math.min(periodMs * 2 ** failures, Math.max(periodMs, LONGEST_BACKOFF_MS));
  const jittered = backoff * (0.9 + 0.2 * random());
  return limitMs > 0 ? limitMs + firstDelay(periodMs, repositories, random) : jittered;
}

/** Milliseconds until a repository's first poll, so that many repositories do not start in the same instant. */
export function firstDelay(periodMs: number, repositories: number, random: () => number): number {
  return Math.min(periodMs, ((repositories - 1) * 1000) / STARTS_PER_SECOND) * random();
}
