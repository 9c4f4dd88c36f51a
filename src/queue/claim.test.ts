import { describe, expect, test } from 'vitest';
import { claimed, enqueued, NO_CAPS, openQueue } from '../../test/support/queue.ts';
import { openDatabase } from '../store/open-database.ts';
import { PRIORITY } from '../task/task.ts';
import { TaskQueue } from './task-queue.ts';

describe('claim', () => {
  test('prepares the task under a new generation, and says so in the log', () => {
    const { queue, events, clock } = openQueue();
    const task = enqueued(queue);
    clock.time += 5;
    expect(queue.claim(NO_CAPS)).toEqual({
      ...task,
      state: 'preparing',
      generation: 1,
      updatedAt: clock.time,
    });
    expect(queue.claim(NO_CAPS)).toBeNull();
    expect(events.tail(task.id, 1)).toMatchObject([
      { type: 'state', data: { from: 'queued', to: 'preparing' } },
    ]);
  });

  test('takes priority before age', () => {
    const { queue, clock } = openQueue();
    const priorities = [PRIORITY.low, PRIORITY.normal, PRIORITY.high, PRIORITY.normal, PRIORITY.high];
    for (const [index, priority] of priorities.entries()) {
      enqueued(queue, { issue: index + 1, priority });
    }
    // A clock that is set back does not make a newer task older.
    clock.time = 1;
    enqueued(queue, { issue: 6, priority: PRIORITY.high });
    expect(priorities.map(() => claimed(queue).issue)).toEqual([3, 5, 6, 2, 4]);
    expect(claimed(queue).issue).toBe(1);
  });

  test('leaves a task alone until it is due', () => {
    const { queue, clock } = openQueue();
    enqueued(queue);
    queue.retryLater(claimed(queue), { reason: 'the agent failed', wakeAt: clock.time + 100 });
    expect(queue.nextDueAfter(clock.time)).toBe(clock.time + 100);
    clock.time += 99;
    expect(queue.claim(NO_CAPS)).toBeNull();
    clock.time += 1;
    expect(queue.claim(NO_CAPS)).toMatchObject({ generation: 2, reason: null, wakeAt: null });
  });

  test('holds both caps over every active state, and passes over a full repository', () => {
    const { queue } = openQueue();
    for (const issue of [1, 2, 3]) {
      enqueued(queue, { issue, priority: PRIORITY.high });
    }
    enqueued(queue, { repo: 'acme/other', issue: 1 });
    enqueued(queue, { repo: 'acme/third', issue: 1 });
    const caps = { maxConcurrent: 3, maxPerRepo: 2 };
    const first = queue.claim(caps);
    const second = queue.claim(caps);
    expect([first, second]).toMatchObject([{ repo: 'acme/app' }, { repo: 'acme/app' }]);
    if (first === null || second === null) {
      throw new Error('nothing was claimed');
    }
    queue.startVerifying(queue.startRunning(first));
    queue.startPublishing(second);
    expect(queue.claim(caps)).toMatchObject({ repo: 'acme/other' });
    expect(queue.claim(caps)).toBeNull();
    queue.fail(first, 'no');
    expect(queue.claim(caps)).toMatchObject({ repo: 'acme/app', issue: 3 });
  });

  test('counts a repository once, however its name is written', () => {
    const { queue } = openQueue();
    enqueued(queue, { issue: 1 });
    enqueued(queue, { issue: 2, repo: 'Acme/App' });
    const caps = { maxConcurrent: 9, maxPerRepo: 1 };
    expect(queue.claim(caps)).not.toBeNull();
    expect(queue.claim(caps)).toBeNull();
  });

  test('takes nothing in a pause, which outlives the process', () => {
    const { queue, db, file, clock, events } = openQueue();
    enqueued(queue);
    queue.pause();
    queue.pause();
    db.close();
    const again = openDatabase(file);
    const reopened = new TaskQueue(again, clock, events);
    expect([reopened.isPaused(), reopened.claim(NO_CAPS)]).toEqual([true, null]);
    again.close();
    const { queue: third } = openQueue(file);
    third.resume();
    expect(third.isPaused()).toBe(false);
    expect(third.claim(NO_CAPS)).not.toBeNull();
  });
});

describe('nextDueAfter', () => {
  test('is the earliest time to come at which a queued task is due, and null without any', () => {
    const { queue, clock } = openQueue();
    expect(queue.nextDueAfter(clock.time)).toBeNull();
    for (const [issue, wait] of [
      [1, 300],
      [2, 200],
    ] as const) {
      enqueued(queue, { issue });
      queue.retryLater(claimed(queue), { reason: 'later', wakeAt: clock.time + wait });
    }
    enqueued(queue, { issue: 3 });
    expect(queue.nextDueAfter(clock.time)).toBe(clock.time + 200);
    expect(queue.nextDueAfter(clock.time + 200)).toBe(clock.time + 300);
    expect(queue.nextDueAfter(clock.time + 300)).toBeNull();
  });
});
