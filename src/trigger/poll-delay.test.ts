import { expect, test } from 'vitest';
import { firstDelay, pollDelay } from './poll-delay.ts';

const SECOND = 1000;
const usual = { periodMs: 30 * SECOND, failures: 0, limitMs: 0, repositories: 1, random: () => 0.5 };

test('a quiet repository is polled every period, ten percent sooner or later', () => {
  expect(pollDelay(usual)).toBe(30 * SECOND);
  expect(pollDelay({ ...usual, random: () => 0 })).toBe(27 * SECOND);
  expect(pollDelay({ ...usual, random: () => 1 })).toBe(33 * SECOND);
});

test('failures double it up to a minute, and never below the period', () => {
  const fast = { ...usual, periodMs: SECOND };
  expect([0, 1, 2, 3, 6, 50].map((failures) => pollDelay({ ...fast, failures }) / SECOND)).toEqual([
    1, 2, 4, 8, 60, 60,
  ]);
  expect(pollDelay({ ...usual, periodMs: 600 * SECOND, failures: 3 })).toBe(600 * SECOND);
});

test('a limit is waited out to the end, by each of many repositories a little longer', () => {
  const limited = { ...usual, failures: 1, limitMs: 90 * SECOND };
  expect(pollDelay({ ...limited, random: () => 0 })).toBe(90 * SECOND);
  expect(pollDelay({ ...limited, random: () => 1, repositories: 101 })).toBe(100 * SECOND);
});

test('first polls are spread at ten a second, within one period', () => {
  expect(firstDelay(30 * SECOND, 1, () => 1)).toBe(0);
  expect(firstDelay(30 * SECOND, 51, () => 1)).toBe(5 * SECOND);
  expect(firstDelay(30 * SECOND, 1001, () => 1)).toBe(30 * SECOND);
});
