import { pino } from 'pino';
import { expect, test } from 'vitest';
import { claimed, enqueued, OTHER_SHA, openQueue, SHA } from '../../test/support/queue.ts';
import type { Rooms } from '../rooms.ts';
import type { Outcome } from '../task/outcome.ts';
import { settleAttempt } from './settle.ts';

/** An ended attempt, and rooms that note what was on record when each of its remains was removed. */
function ended() {
  const { queue } = openQueue();
  enqueued(queue);
  const task = claimed(queue);
  const attempt = queue.beginAttempt(task, { kind: 'implement', baseSha: SHA, startSha: SHA });
  const running = queue.startRunning(task);
  const removals: { what: string; outcome: string | undefined }[] = [];
  const remove = async (what: string) => {
    removals.push({ what, outcome: queue.attempts(task.id)[0]?.outcome?.kind });
  };
  const rooms = { queue, engine: { remove }, workspaces: { remove }, logger: pino({ enabled: false }) };
  // The parts of the rooms that an attempt with a result, or one that changed nothing, is settled with.
  return { task: running, attempt, removals, rooms: rooms as unknown as Rooms, queue };
}

const CHANGED: Outcome = { kind: 'changed', explanation: '' };
const NO_CHANGES: Outcome = { kind: 'no_changes', explanation: '' };

test('nothing is removed before the end of the attempt is on record', async () => {
  const { task, attempt, removals, rooms } = ended();
  await settleAttempt(task, attempt, { outcome: NO_CHANGES, resultSha: null, usd: null }, rooms);
  const id = `${task.id}-1`;
  expect(removals).toEqual([
    { what: `forge-${id}`, outcome: 'no_changes' },
    { what: `forge-${id}-salvage`, outcome: 'no_changes' },
    { what: id, outcome: 'no_changes' },
  ]);
});

test("a result's containers are gone when its verification begins, its workspace is left to that", async () => {
  const { task, attempt, removals, rooms, queue } = ended();
  await settleAttempt(task, attempt, { outcome: CHANGED, resultSha: OTHER_SHA, usd: null }, rooms);
  expect(queue.require(task.id).state).toBe('verifying');
  expect(removals.map(({ what }) => what)).toEqual([`forge-${task.id}-1`, `forge-${task.id}-1-salvage`]);
});

test('a removal that fails takes nothing from the result', async () => {
  const { task, attempt, rooms, queue } = ended();
  rooms.engine.remove = () => Promise.reject(new Error('the engine is away'));
  await settleAttempt(task, attempt, { outcome: CHANGED, resultSha: OTHER_SHA, usd: null }, rooms);
  expect(queue.require(task.id).state).toBe('verifying');
});
