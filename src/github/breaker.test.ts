import { describe, expect, test } from 'vitest';
import { isForgeError } from '../errors.ts';
import { Breaker } from './breaker.ts';

const START = Date.parse('2026-03-01T12:00:00Z');
const MINUTE = 60_000;

function setUp() {
  let now = START;
  const breaker = new Breaker({ now: () => now });
  return {
    breaker,
    wait: (ms: number) => {
      now += ms;
    },
    answer: (status: number, headers: Record<string, string | number> = {}, message = '') =>
      breaker.observe({ status, headers, message }),
    /** How long nothing may leave, in ms. */
    blockedFor: () => {
      try {
        breaker.check();
        return 0;
      } catch (error) {
        if (!isForgeError(error, 'unavailable') || error.retryAt === undefined) throw error;
        return error.retryAt - now;
      }
    },
  };
}

const resetIn = (ms: number) => ({ 'x-ratelimit-reset': String((START + ms) / 1000) });

describe('what closes the breaker', () => {
  test.each([
    ['a secondary limit with retry-after', 403, { 'retry-after': '90' }, '', 90_000],
    ['429 with retry-after', 429, { 'retry-after': 7 }, '', 7_000],
    ['retry-after as a date', 429, { 'retry-after': 'Sun, 01 Mar 2026 12:02:00 GMT' }, '', 2 * MINUTE],
    ['503 with retry-after', 503, { 'retry-after': '30' }, '', 30_000],
    [
      'a used-up primary limit',
      403,
      { 'x-ratelimit-remaining': '0', ...resetIn(MINUTE * 20) },
      '',
      MINUTE * 20,
    ],
    [
      '429 of the primary limit',
      429,
      { 'x-ratelimit-remaining': '0', ...resetIn(MINUTE * 5) },
      '',
      MINUTE * 5,
    ],
    ['a reset that has passed already', 403, { 'x-ratelimit-remaining': '0', ...resetIn(-1000) }, '', MINUTE],
    [
      'nothing but the message',
      403,
      { 'x-ratelimit-remaining': '4000' },
      'You have exceeded a secondary rate limit.',
      MINUTE,
    ],
    ['429 without any header', 429, {}, '', MINUTE],
    ['a retry-after that nobody can read', 429, { 'retry-after': 'soon' }, '', MINUTE],
    ['a retry-after of years', 429, { 'retry-after': '999999999' }, '', 24 * 60 * MINUTE],
  ])('%s', (_, status, headers, message, expected) => {
    const { answer, blockedFor } = setUp();
    expect(answer(status, headers as Record<string, string>, message)).toBe(true);
    expect(blockedFor()).toBe(expected);
  });

  test('a good answer that used up the last of the primary limit closes it, and is no refusal', () => {
    const { answer, blockedFor } = setUp();
    expect(answer(200, { 'x-ratelimit-remaining': '0', ...resetIn(3 * MINUTE) })).toBe(false);
    expect(blockedFor()).toBe(3 * MINUTE);
  });
});

test.each([
  [200, { 'x-ratelimit-remaining': '1' }, ''],
  [304, {}, ''],
  [403, { 'x-ratelimit-remaining': '12' }, 'Resource not accessible by personal access token'],
  [404, {}, 'Not Found'],
  [503, {}, ''],
])('status %i with %o leaves it open', (status, headers, message) => {
  const { answer, blockedFor } = setUp();
  expect(answer(status, headers as Record<string, string>, message)).toBe(false);
  expect(blockedFor()).toBe(0);
});

test('it opens again at that very time', () => {
  const { answer, blockedFor, wait } = setUp();
  answer(429, { 'retry-after': '10' });
  wait(9_999);
  expect(blockedFor()).toBe(1);
  wait(1);
  expect(blockedFor()).toBe(0);
});

test('limits without a time double from a minute to an hour, and start over after an answer', () => {
  const { answer, blockedFor, wait } = setUp();
  const waits = Array.from({ length: 8 }, () => {
    answer(429);
    const blocked = blockedFor();
    wait(blocked);
    return blocked / MINUTE;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  answer(200);
  answer(429);
  expect(blockedFor()).toBe(MINUTE);
});

test('requests refused together count once', () => {
  const { answer, blockedFor } = setUp();
  for (let i = 0; i < 5; i++) answer(429);
  expect(blockedFor()).toBe(MINUTE);
});

test('a shorter limit does not shorten a longer one', () => {
  const { answer, blockedFor } = setUp();
  answer(429, { 'retry-after': '300' });
  answer(403, { 'retry-after': '5' });
  expect(blockedFor()).toBe(300_000);
});

test('it tells the last rate limit it saw', () => {
  const { answer, breaker } = setUp();
  expect(breaker.rateLimit).toEqual({ remaining: null, resetAt: null });
  answer(200, { 'x-ratelimit-remaining': '4321', ...resetIn(MINUTE) });
  answer(200);
  expect(breaker.rateLimit).toEqual({ remaining: 4321, resetAt: START + MINUTE });
});
