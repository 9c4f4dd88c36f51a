import { describe, expect, test } from 'vitest';
import { claimed, enqueued, OTHER_SHA, openQueue, SHA } from '../../test/support/queue.ts';
import type { Outcome, Verification } from '../task/outcome.ts';
import { type Attempt, NO_USAGE } from '../task/task.ts';

const begin = { kind: 'implement', baseSha: SHA, startSha: OTHER_SHA } as const;
const lost: Outcome = { kind: 'container_lost', message: 'gone' };
const stale = expect.objectContaining({ category: 'stale' });
const conflict = expect.objectContaining({ category: 'conflict' });

describe('beginAttempt', () => {
  test('numbers the attempts of a task from 1', () => {
    const { queue, clock } = openQueue();
    enqueued(queue);
    const claim = claimed(queue);
    const first = queue.beginAttempt(claim, begin);
    expect(first).toStrictEqual({
      taskId: claim.id,
      number: 1,
      ...begin,
      generation: 1,
      containerId: null,
      resultSha: null,
      outcome: null,
      verification: null,
      usage: NO_USAGE,
      createdAt: clock.time,
      startedAt: null,
      finishedAt: null,
    });
    queue.finishAttempt(claim, 1, { outcome: lost, resultSha: null });
    expect(queue.beginAttempt(claim, { ...begin, kind: 'revise' })).toMatchObject({
      number: 2,
      kind: 'revise',
    });
    expect(queue.attempts(claim.id).map(({ number }) => number)).toEqual([1, 2]);
  });

  test('is refused beside an unfinished attempt', () => {
    const { queue, claim } = underWay();
    expect(() => queue.beginAttempt(claim, begin)).toThrow(conflict);
    expect(queue.attempts(claim.id)).toHaveLength(1);
  });

  test('needs a claim that still holds', () => {
    const { queue, claim } = underWay();
    queue.finishAttempt(claim, 1, { outcome: lost, resultSha: null });
    queue.retryLater(claim, { reason: 'again', wakeAt: 0 });
    expect(() => queue.beginAttempt(claim, begin)).toThrow(stale);
    const next = claimed(queue);
    expect(() => queue.beginAttempt(claim, begin)).toThrow(stale);
    expect(queue.beginAttempt(next, begin)).toMatchObject({ number: 2, generation: 2 });
  });
});

describe('what becomes of an attempt', () => {
  test('is recorded step by step', () => {
    const { queue, claim, clock } = underWay();
    queue.recordContainer(claim, 1, 'c0ffee');
    queue.recordStart(claim, 1, 123);
    clock.time = 456_000_000;
    queue.finishAttempt(claim, 1, {
      outcome: { kind: 'changed', explanation: 'did it' },
      resultSha: OTHER_SHA,
    });
    queue.recordVerification(claim, 1, { status: 'none' });
    expect(queue.attempts(claim.id)).toMatchObject([
      {
        containerId: 'c0ffee',
        startedAt: 123,
        finishedAt: 456_000_000,
        outcome: { kind: 'changed', explanation: 'did it' },
        resultSha: OTHER_SHA,
        verification: { status: 'none' },
      },
    ]);
  });

  test('may still be noted after the task has moved on, but not after another claim', () => {
    const { queue, claim } = underWay();
    queue.cancel(claim, 'asked by a person');
    queue.finishAttempt(claim, 1, { outcome: { kind: 'cancelled' }, resultSha: null });
    queue.requeue(claim.id, 'changed their mind');
    claimed(queue);
    expect(() => queue.recordVerification(claim, 1, { status: 'none' })).toThrow(stale);
  });

  test('is for the newest claim alone, also where an older one began the attempt', () => {
    const { queue, claim } = underWay();
    queue.retryLater(claim, { reason: 'again', wakeAt: 0 });
    const next = claimed(queue);
    expect(() => queue.recordContainer(claim, 1, 'c')).toThrow(stale);
    expect(() => queue.recordStart(claim, 1, 1)).toThrow(stale);
    expect(() => queue.finishAttempt(claim, 1, { outcome: lost, resultSha: null })).toThrow(stale);
    queue.finishAttempt(next, 1, { outcome: lost, resultSha: null });
    expect(queue.attempts(claim.id)).toMatchObject([{ containerId: null, outcome: lost }]);
  });

  test('ends once', () => {
    const { queue, claim } = underWay();
    queue.finishAttempt(claim, 1, { outcome: lost, resultSha: null });
    expect(() => queue.finishAttempt(claim, 1, { outcome: { kind: 'cancelled' }, resultSha: null })).toThrow(
      conflict,
    );
    expect(() => queue.recordContainer(claim, 1, 'c')).toThrow(conflict);
    expect(() => queue.finishAttempt(claim, 2, { outcome: lost, resultSha: null })).toThrow(conflict);
    expect(queue.attempts(claim.id)).toMatchObject([{ outcome: lost, containerId: null }]);
  });
});

describe('addUsage', () => {
  test('adds, whoever holds the task', () => {
    const { queue, claim } = underWay();
    queue.addUsage(claim.id, 1, { inputTokens: 10, outputTokens: 2, usd: 0.25 });
    queue.cancel(claim, 'no');
    queue.addUsage(claim.id, 1, { inputTokens: 5, outputTokens: 1, usd: 0.5 });
    expect(queue.attempts(claim.id)).toMatchObject([
      { usage: { inputTokens: 15, outputTokens: 3, usd: 0.75 } },
    ]);
  });

  test('says so where there is no such attempt', () => {
    const { queue, claim } = underWay();
    expect(() => queue.addUsage(claim.id, 2, NO_USAGE)).toThrow(conflict);
  });
});

describe('JSON columns', () => {
  const outcomes: { [Kind in Outcome['kind']]: Extract<Outcome, { kind: Kind }> } = {
    changed: { kind: 'changed', explanation: 'ü 🦊 \u0000' },
    no_changes: { kind: 'no_changes', explanation: '' },
    agent_failed: { kind: 'agent_failed', message: 'no' },
    timed_out: { kind: 'timed_out', minutes: 0.5 },
    stalled: { kind: 'stalled', minutes: 10 },
    out_of_memory: { kind: 'out_of_memory', limitBytes: 4_294_967_296 },
    output_limit: { kind: 'output_limit', limitBytes: 1 },
    rejected: { kind: 'rejected', message: 'a submodule' },
    setup_failed: { kind: 'setup_failed', message: 'exit 1' },
    container_lost: lost,
    cancelled: { kind: 'cancelled' },
  };

  test.each(Object.values(outcomes))('give back the outcome $kind as it was', (outcome) => {
    const { queue, claim } = underWay();
    queue.finishAttempt(claim, 1, { outcome, resultSha: null });
    expect(onlyAttempt(queue.attempts(claim.id)).outcome).toStrictEqual(outcome);
  });

  const command = {
    command: 'npm test',
    stage: 'verify',
    exitCode: null,
    durationMs: 9,
    output: 'x',
  } as const;
  const verifications: Verification[] = [
    { status: 'none' },
    { status: 'green', commands: [] },
    { status: 'red', commands: [command, { ...command, stage: 'setup', exitCode: 1 }] },
  ];

  test.each(verifications)('give back the verification $status as it was', (verification) => {
    const { queue, claim } = underWay();
    queue.recordVerification(claim, 1, verification);
    expect(onlyAttempt(queue.attempts(claim.id)).verification).toStrictEqual(verification);
  });

  test('do not pass on what forge never wrote', () => {
    const { queue, claim, db } = underWay();
    db.exec(`UPDATE attempts SET verification = '{"status":"purple"}'`);
    expect(() => queue.attempts(claim.id)).toThrow(/status/);
  });
});

function underWay() {
  const opened = openQueue();
  enqueued(opened.queue);
  const claim = claimed(opened.queue);
  opened.queue.beginAttempt(claim, begin);
  return { ...opened, claim };
}

function onlyAttempt([attempt]: Attempt[]): Attempt {
  if (attempt === undefined) {
    throw new Error('there is no attempt');
  }
  return attempt;
}
