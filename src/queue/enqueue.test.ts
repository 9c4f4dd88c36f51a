import { describe, expect, test } from 'vitest';
import { claimed, enqueued, newTask, openQueue } from '../../test/support/queue.ts';
import { TaskQueue } from './task-queue.ts';

describe('enqueue', () => {
  test('makes a queued task with its evidence and its first event', () => {
    const { queue, events, clock } = openQueue();
    const wanted = newTask({ title: 'Ünïcode "quotes" \'; DROP TABLE tasks; --' });
    const result = queue.enqueue(wanted);
    const { evidence, ...fields } = wanted;
    expect(result).toStrictEqual({
      kind: 'enqueued',
      task: {
        ...fields,
        id: expect.stringMatching(/^[0-9a-z]{10}$/),
        state: 'queued',
        reason: null,
        wakeAt: null,
        generation: 0,
        baseSha: null,
        headSha: null,
        pullRequest: null,
        createdAt: clock.time,
        updatedAt: clock.time,
        finishedAt: null,
      },
    });
    const [task] = queue.list();
    expect(task && queue.evidence(task.id)).toEqual(evidence);
    expect(events.read()).toMatchObject([{ type: 'state', data: { from: null, to: 'queued' } }]);
  });

  test('makes one task of a trigger, for ever', () => {
    const { queue } = openQueue();
    const { id } = enqueued(queue);
    expect(queue.enqueue(newTask())).toEqual({ kind: 'duplicate', taskId: id });
    queue.fail(claimed(queue), 'it broke');
    expect(queue.enqueue(newTask())).toEqual({ kind: 'duplicate', taskId: id });
    expect(queue.enqueue(newTask({ repo: 'ACME/App' }))).toEqual({ kind: 'duplicate', taskId: id });
    expect(queue.list()).toHaveLength(1);
  });

  test('makes another task of the issue only after the first has ended', () => {
    const { queue } = openQueue();
    const { id } = enqueued(queue);
    expect(queue.enqueue(newTask({ triggerEvent: 'again' }))).toEqual({ kind: 'already_open', taskId: id });
    queue.cancelIdle(id, 'not needed');
    expect(queue.enqueue(newTask({ triggerEvent: 'again' })).kind).toBe('enqueued');
  });

  test('keeps repositories apart', () => {
    const { queue } = openQueue();
    enqueued(queue);
    expect(queue.enqueue(newTask({ repo: 'acme/other' })).kind).toBe('enqueued');
  });

  test('leaves no task behind where its evidence cannot be stored', () => {
    const { queue, db, clock, events } = openQueue();
    db.exec(
      'DROP TABLE evidence; CREATE TABLE evidence (task_id TEXT, evidence TEXT CHECK (evidence IS NULL))',
    );
    expect(() => new TaskQueue(db, clock, events).enqueue(newTask())).toThrow(/CHECK/);
    expect(queue.list()).toEqual([]);
    expect(events.read()).toEqual([]);
  });
});
