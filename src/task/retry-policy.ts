import type { Outcome } from './outcome.ts';

const FIRST_MS = 5_000;
const LONGEST_MS = 30 * 60_000;
const JITTER = 0.25;

/**
 * How long to wait, in ms, after the given number (1 or more) of failures in a row: 5 seconds, doubling up to 30
 * minutes, then a quarter more or less by `random` (0 up to 1), so that tasks that failed together return apart.
 */
export function backoff(failures: number, random: () => number): number {
  const wait = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return Math.round(wait * (1 - JITTER + 2 * JITTER * random()));
}

/**
 * Whether a task tries again after this outcome. `failedOfKind` counts the failed attempts of the same kind, this one
 * included.
 */
export function mayRetry(outcome: Outcome, failedOfKind: number, maxAttempts: number): boolean {
  switch (outcome.kind) {
    case 'changed':
    case 'no_changes':
    case 'cancelled':
      return false;
    case 'agent_failed':
    case 'timed_out':
    case 'stalled':
    case 'out_of_memory':
    case 'output_limit':
    case 'rejected':
    case 'setup_failed':
    case 'container_lost':
      return failedOfKind < maxAttempts;
  }
}
