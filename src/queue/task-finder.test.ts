import { describe, expect, test } from 'vitest';
import { claimed, enqueued, openQueue, PULL_REQUEST, SHA } from '../../test/support/queue.ts';
import { EventLog } from '../events/event-log.ts';
import { openReadOnly } from '../store/open-database.ts';
import { parseTaskId } from '../task/ids.ts';
import { TaskQueue } from './task-queue.ts';

const notFound = expect.objectContaining({ category: 'not_found' });
const usage = expect.objectContaining({ category: 'usage' });

describe('get and require', () => {
  test('differ where there is no such task', () => {
    const { queue } = openQueue();
    const task = enqueued(queue);
    const nobody = parseTaskId('0000000000');
    expect([queue.get(task.id), queue.require(task.id), queue.get(nobody)]).toEqual([task, task, null]);
    expect(() => queue.require(nobody)).toThrow(notFound);
    expect(() => queue.evidence(nobody)).toThrow(notFound);
  });
});

describe('resolve', () => {
  test('takes an id, and the start of one in any letters, while it is clear', () => {
    const { queue, db } = openQueue();
    for (const [issue, id] of [
      [1, 'abc0000001'],
      [2, 'abd0000002'],
    ] as const) {
      enqueued(queue, { issue });
      db.exec('PRAGMA foreign_keys = OFF');
      db.prepare('UPDATE tasks SET id = ? WHERE issue = ?').run(id, issue);
    }
    expect(['abc0000001', 'abc', 'ABD0'].map((text) => queue.resolve(text).issue)).toEqual([1, 1, 2]);
    expect(() => queue.resolve('ab')).toThrow(usage);
    for (const text of ['', 'x', 'abc00000011', 'ab%', 'nonsense/#', '#0', 'acme/app#1x']) {
      expect(() => queue.resolve(text), text).toThrow(notFound);
    }
  });

  test('takes the newest task of an issue, however the repository is written', () => {
    const { queue } = openQueue();
    queue.cancelIdle(enqueued(queue).id, 'no');
    const newer = enqueued(queue, { triggerEvent: 'second' });
    enqueued(queue, { issue: 2 });
    expect(queue.resolve('acme/app#1').id).toBe(newer.id);
    expect(queue.resolve('Acme/APP#1').id).toBe(newer.id);
    expect(() => queue.resolve('acme/app#3')).toThrow(notFound);
    expect(() => queue.resolve('acme/other#1')).toThrow(notFound);
  });

  test('takes a bare number only while all tasks are of one repository', () => {
    const { queue } = openQueue();
    expect(() => queue.resolve('#1')).toThrow(notFound);
    const task = enqueued(queue);
    enqueued(queue, { issue: 2, repo: 'ACME/App' });
    expect(queue.resolve('#1').id).toBe(task.id);
    enqueued(queue, { repo: 'acme/other', issue: 9 });
    expect(() => queue.resolve('#1')).toThrow(usage);
  });
});

describe('list and counts', () => {
  test('put what is open first, oldest first, then what has ended, latest first', () => {
    const { queue, clock } = openQueue();
    for (const issue of [1, 2, 3, 4, 5]) {
      clock.time += 1;
      enqueued(queue, { issue });
    }
    for (const reason of ['first to end', 'second to end']) {
      clock.time += 1;
      queue.fail(claimed(queue), reason);
    }
    claimed(queue);
    const issues = (filter: Parameters<typeof queue.list>[0]) => queue.list(filter).map((task) => task.issue);
    expect(issues({})).toEqual([3, 4, 5, 2, 1]);
    expect(issues({ limit: 4 })).toEqual([3, 4, 5, 2]);
    expect(issues({ limit: 2 })).toEqual([3, 4]);
    expect(issues({ state: 'queued' })).toEqual([4, 5]);
    expect(issues({ state: 'failed' })).toEqual([2, 1]);
    expect(issues({ state: 'failed', limit: 1 })).toEqual([2]);
    expect(issues({ state: 'merged' })).toEqual([]);
    expect(queue.counts()).toEqual({ preparing: 1, queued: 2, failed: 2 });
    expect(queue.active().map((task) => task.issue)).toEqual([3]);
  });

  test('active are the four states that hold a slot, and no other', () => {
    const { queue } = openQueue();
    for (const issue of [1, 2, 3, 4, 5, 6, 7]) {
      enqueued(queue, { issue });
    }
    claimed(queue);
    queue.startRunning(claimed(queue));
    queue.startVerifying(claimed(queue));
    queue.startPublishing(claimed(queue));
    queue.putInReview(queue.startPublishing(claimed(queue)), { pullRequest: PULL_REQUEST, headSha: SHA });
    queue.wait(claimed(queue), { reason: 'approval', wakeAt: null });
    const active = queue.active().map((task) => [task.issue, task.state]);
    expect(active).toEqual([
      [1, 'preparing'],
      [2, 'running'],
      [3, 'verifying'],
      [4, 'publishing'],
    ]);
  });
});

test('a read-only database answers, and takes no writes', () => {
  const { queue, file, clock } = openQueue();
  const task = enqueued(queue);
  const db = openReadOnly(file);
  if (db === null) {
    throw new Error('there is no database');
  }
  const reader = new TaskQueue(db, clock, new EventLog(db, clock));
  expect([reader.list(), reader.counts(), reader.resolve('#1')]).toEqual([[task], { queued: 1 }, task]);
  expect(() => reader.pause()).toThrow(expect.objectContaining({ service: 'database' }));
  db.close();
});
