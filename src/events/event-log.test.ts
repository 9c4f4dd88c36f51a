import { describe, expect, test } from 'vitest';
import { claimed, enqueued, openQueue, SHA } from '../../test/support/queue.ts';
import { atomically } from '../store/atomically.ts';
import type { NewEvent } from '../task/event.ts';
import { parseTaskId, type TaskId } from '../task/ids.ts';

const line = (text: string): NewEvent => ({ type: 'output', text, data: { stream: 'stdout' } });

describe('append and read', () => {
  test('give back what was written, in order, with data only where there was some', () => {
    const { events, task, clock } = openLog();
    clock.time = 77;
    const first = events.append(task.id, 1, line('ü 🦊'));
    const second = events.append(task.id, null, { type: 'system', text: 'done' });
    expect(first).toEqual({
      seq: expect.any(Number),
      taskId: task.id,
      at: 77,
      attempt: 1,
      type: 'output',
      text: 'ü 🦊',
      data: { stream: 'stdout' },
    });
    expect(events.tail(task.id, 2)).toStrictEqual([first, second]);
    expect(second).not.toHaveProperty('data');
  });

  test('read one task or all, after a seq, up to a limit', () => {
    const { events, queue, task } = openLog();
    const other = enqueued(queue, { issue: 2 });
    const seqs = [task, other, task, task].map(({ id }, n) => events.append(id, null, line(`${n}`)).seq);
    const afterSeq = (seqs[0] ?? 0) - 1;
    const texts = (filter: Parameters<typeof events.read>[0]) =>
      events.read(filter).map((event) => event.text);
    expect(texts({ afterSeq })).toEqual(['0', '1', '2', '3']);
    expect(texts({ afterSeq, limit: 2 })).toEqual(['0', '1']);
    expect(texts({ taskId: task.id, afterSeq })).toEqual(['0', '2', '3']);
    expect(texts({ taskId: task.id, afterSeq: seqs[0] ?? 0, limit: 1 })).toEqual(['2']);
  });

  test('never use a seq twice, even after the last one has gone', () => {
    const { db, events, task } = openLog();
    const { seq } = events.append(task.id, null, line('a'));
    db.prepare('DELETE FROM events WHERE seq = ?').run(seq);
    expect(events.append(task.id, null, line('b')).seq).toBe(seq + 1);
  });
});

describe('appendOutput', () => {
  test('keeps events and offsets together', () => {
    const { events, task } = openLog();
    expect(events.outputOffsets(task.id, 1)).toEqual({ stdout: 0, stderr: 0 });
    events.appendOutput(task.id, 1, { stdout: 10, stderr: 3 }, [line('a'), line('b')]);
    expect(events.outputOffsets(task.id, 1)).toEqual({ stdout: 10, stderr: 3 });
    expect(events.tail(task.id, 2).map((event) => event.text)).toEqual(['a', 'b']);
  });

  test('refuses output that was consumed before, whole', () => {
    const { events, task } = openLog();
    events.appendOutput(task.id, 1, { stdout: 10, stderr: 3 }, [line('a')]);
    const stale = expect.objectContaining({ category: 'stale' });
    expect(() => events.appendOutput(task.id, 1, { stdout: 9, stderr: 3 }, [line('again')])).toThrow(stale);
    expect(events.outputOffsets(task.id, 1)).toEqual({ stdout: 10, stderr: 3 });
    expect(events.tail(task.id, 1).map((event) => event.text)).toEqual(['a']);
  });

  test('undoes the offsets where an event cannot be written', () => {
    const { events, task } = openLog();
    const broken = { type: 'output', text: null as unknown as string } satisfies NewEvent;
    expect(() => events.appendOutput(task.id, 1, { stdout: 10, stderr: 0 }, [line('a'), broken])).toThrow();
    expect(events.outputOffsets(task.id, 1)).toEqual({ stdout: 0, stderr: 0 });
    expect(events.tail(task.id, 1).map((event) => event.text)).not.toEqual(['a']);
  });

  test('throws not_found for the offsets of an attempt that was never begun', () => {
    const { events, task } = openLog();
    expect(() => events.outputOffsets(task.id, 2)).toThrow(
      expect.objectContaining({ category: 'not_found' }),
    );
  });
});

describe('subscribe', () => {
  test('tells after the commit, once for many writes, and each task that changed', async () => {
    const { db, events, queue, task } = openLog();
    const other = enqueued(queue, { issue: 2 });
    await settled();
    const seen: { taskId: TaskId; inTransaction: boolean; stored: number }[] = [];
    events.subscribe((taskId) =>
      seen.push({ taskId, inTransaction: db.inTransaction, stored: events.read({ taskId }).length }),
    );
    const before = events.read({ taskId: task.id }).length;
    atomically(db, () => {
      events.append(task.id, null, line('a'));
      events.append(task.id, null, line('b'));
      events.append(other.id, null, line('c'));
      expect(seen).toEqual([]);
    });
    await settled();
    expect(seen).toEqual([
      { taskId: task.id, inTransaction: false, stored: before + 2 },
      { taskId: other.id, inTransaction: false, stored: 2 },
    ]);
  });

  test('lets a listener read everything by its own seq, whatever it writes itself', async () => {
    const { events, task } = openLog();
    await settled();
    const read: string[] = [];
    let afterSeq = events.tail(task.id, 1)[0]?.seq ?? 0;
    events.subscribe((taskId) => {
      for (const event of events.read({ taskId, afterSeq })) {
        afterSeq = event.seq;
        read.push(event.text);
        if (event.text === 'ping') {
          events.append(taskId, null, line('pong'));
        }
      }
    });
    events.append(task.id, null, line('ping'));
    await settled();
    expect(read).toEqual(['ping', 'pong']);
  });

  test('stops when asked', async () => {
    const { events, task } = openLog();
    await settled();
    let calls = 0;
    const unsubscribe = events.subscribe(() => calls++);
    events.append(task.id, null, line('a'));
    await settled();
    unsubscribe();
    events.append(task.id, null, line('b'));
    await settled();
    expect(calls).toBe(1);
  });
});

test('an event of no known task is refused', () => {
  const { events } = openLog();
  expect(() => events.append(parseTaskId('0000000000'), null, line('a'))).toThrow(/FOREIGN KEY/);
});

/** A log with one task whose first attempt is under way. */
function openLog() {
  const opened = openQueue();
  enqueued(opened.queue);
  const task = claimed(opened.queue);
  opened.queue.beginAttempt(task, { kind: 'implement', baseSha: SHA, startSha: SHA });
  return { ...opened, task };
}

/** All microtasks have run by then, those that they started included. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
