import { expect, test } from 'vitest';
import { anAttempt, RESULT } from '../../test/support/task-builders.ts';
import type { Outcome, Verification } from '../task/outcome.ts';
import { planStep } from './plan.ts';

const CHANGED: Outcome = { kind: 'changed', explanation: '' };
const NOTHING: Outcome = { kind: 'no_changes', explanation: '' };
const FAILED: Outcome = { kind: 'agent_failed', message: '' };
const GREEN: Verification = { status: 'green', commands: [] };
const RED: Verification = { status: 'red', commands: [] };

const ended = (outcome: Outcome, verification: Verification | null = null, more = {}) =>
  anAttempt({
    outcome,
    verification,
    resultSha: outcome.kind === 'changed' ? RESULT : null,
    finishedAt: 2,
    ...more,
  });
const revised = (outcome: Outcome, verification: Verification | null = null) =>
  ended(outcome, verification, { number: 2, kind: 'revise' });

test.each([
  ['a first claim begins', [], { do: 'begin', kind: 'implement' }],
  ['an attempt that never started is prepared again', [anAttempt({ startedAt: null })], { do: 'prepare' }],
  ['a running agent is followed', [anAttempt()], { do: 'watch' }],
  ['after a failure the work begins anew', [ended(FAILED)], { do: 'begin', kind: 'implement' }],
  ['nothing to change ends it', [ended(NOTHING)], { do: 'close' }],
  ['a result is verified', [ended(CHANGED)], { do: 'verify' }],
  ['a green result is published', [ended(CHANGED, GREEN)], { do: 'publish' }],
  ['a red result goes back to the agent', [ended(CHANGED, RED)], { do: 'begin', kind: 'revise' }],
  ['the revision is verified', [ended(CHANGED, RED), revised(CHANGED)], { do: 'verify', number: 2 }],
  ['red twice is published', [ended(CHANGED, RED), revised(CHANGED, RED)], { do: 'publish', number: 2 }],
  [
    'a failed revision leaves the first',
    [ended(CHANGED, RED), revised(FAILED)],
    { do: 'publish', number: 1 },
  ],
  [
    'an idle revision leaves the first',
    [ended(CHANGED, RED), revised(NOTHING)],
    { do: 'publish', number: 1 },
  ],
] as const)('%s', (_name, attempts, expected) => {
  const step = planStep([...attempts]);
  const number = 'attempt' in step ? step.attempt.number : undefined;
  expect({ ...step, number }).toMatchObject(expected);
});

test('a revision goes on from the result that was red', () => {
  const red = ended(CHANGED, RED);
  expect(planStep([red])).toMatchObject({ after: red });
});

test('a revision that was cut short by a stop is begun again', () => {
  const step = planStep([ended(CHANGED, RED), revised({ kind: 'cancelled' })]);
  expect(step).toMatchObject({ do: 'begin', kind: 'revise', after: { number: 1 } });
});
