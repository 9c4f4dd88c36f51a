import { describe, expect, test } from 'vitest';
import type { Outcome } from './outcome.ts';
import { backoff, mayRetry } from './retry-policy.ts';

describe('backoff', () => {
  test('doubles from 5 seconds up to 30 minutes', () => {
    const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((failures) => backoff(failures, () => 0.5) / 1000);
    expect(seconds).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1800]);
  });

  test('spreads a quarter to either side', () => {
    expect(backoff(1, () => 0)).toBe(3_750);
    expect(backoff(1, () => 0.999_999)).toBe(6_250);
  });
});

describe('mayRetry', () => {
  const outcomes: Record<Outcome['kind'], { outcome: Outcome; failed: boolean }> = {
    changed: { outcome: { kind: 'changed', explanation: '' }, failed: false },
    no_changes: { outcome: { kind: 'no_changes', explanation: '' }, failed: false },
    cancelled: { outcome: { kind: 'cancelled' }, failed: false },
    agent_failed: { outcome: { kind: 'agent_failed', message: '' }, failed: true },
    timed_out: { outcome: { kind: 'timed_out', minutes: 1 }, failed: true },
    stalled: { outcome: { kind: 'stalled', minutes: 1 }, failed: true },
    out_of_memory: { outcome: { kind: 'out_of_memory', limitBytes: 1 }, failed: true },
    output_limit: { outcome: { kind: 'output_limit', limitBytes: 1 }, failed: true },
    rejected: { outcome: { kind: 'rejected', message: '' }, failed: true },
    setup_failed: { outcome: { kind: 'setup_failed', message: '' }, failed: true },
    container_lost: { outcome: { kind: 'container_lost', message: '' }, failed: true },
  };

  test.each(Object.values(outcomes))('$outcome.kind: $failed, until the attempts are used up', (row) => {
    expect(mayRetry(row.outcome, 1, 3)).toBe(row.failed);
    expect(mayRetry(row.outcome, 2, 3)).toBe(row.failed);
    expect(mayRetry(row.outcome, 3, 3)).toBe(false);
  });

  test('one attempt allowed is no retry', () => {
    expect(mayRetry({ kind: 'agent_failed', message: '' }, 1, 1)).toBe(false);
  });
});
