import { describe, expect, test } from 'vitest';
import { claimed, enqueued, openQueue } from '../../test/support/queue.ts';
import type { Claim } from '../task/task.ts';
import { Outbox } from './outbox.ts';

const stale = expect.objectContaining({ category: 'stale' });

describe('perform', () => {
  test('acts once, and answers the recorded result from then on', async () => {
    const { outbox, claim, outside, entry } = opened();
    expect(await outbox.perform(claim, entry('1'))).toEqual({ number: 1 });
    outside.made = [];
    expect(await outbox.perform(claim, entry('1'))).toEqual({ number: 1 });
    expect(outside).toEqual({ made: [], looks: 1, acts: 1 });
  });

  test('acts for each key and each kind by itself', async () => {
    const { outbox, claim, outside, entry } = opened();
    await outbox.perform(claim, entry('1'));
    await outbox.perform(claim, entry('2'));
    await outbox.perform(claim, { ...entry('1'), kind: 'comment', find: async () => null });
    expect(outside.acts).toBe(3);
  });

  test('notes the intent on the disk before it looks or acts', async () => {
    const { outbox, claim, db, entry } = opened();
    const rows = () => db.prepare('SELECT kind, key, intent, result FROM outbox').all();
    const seen: unknown[] = [];
    await outbox.perform(claim, {
      ...entry('1'),
      find: async () => {
        seen.push({ committed: !db.inTransaction, rows: rows() });
        return null;
      },
    });
    expect(seen).toEqual([
      { committed: true, rows: [{ kind: 'open', key: '1', intent: '{"title":"1"}', result: null }] },
    ]);
    expect(rows()).toMatchObject([{ result: '{"number":1}' }]);
  });

  test('finds its own mark where it died after the act', async () => {
    const { outbox, claim, outside, entry, db, clock } = opened();
    const dies = async () => {
      await entry('1').act();
      throw new Error('killed');
    };
    await expect(outbox.perform(claim, { ...entry('1'), act: dies })).rejects.toThrow('killed');
    expect(await new Outbox(db, clock).perform(claim, entry('1'))).toEqual({ number: 1 });
    expect(outside).toMatchObject({ made: ['1'], acts: 1 });
  });

  test('acts later where it died before the act, with the intent of then', async () => {
    const { outbox, claim, outside, entry, db } = opened();
    const fails = async () => {
      throw new Error('no network');
    };
    await expect(outbox.perform(claim, { ...entry('1'), find: fails })).rejects.toThrow('no network');
    expect(outside.acts).toBe(0);
    await outbox.perform(claim, { ...entry('1'), intent: { title: 'new' } });
    expect(outside.acts).toBe(1);
    expect(db.prepare('SELECT intent FROM outbox').pluck().all()).toEqual(['{"title":"new"}']);
  });

  test('does nothing for an older claim, not even look', async () => {
    const { outbox, claim, outside, entry, takeOver } = opened();
    takeOver();
    await expect(outbox.perform(claim, entry('1'))).rejects.toThrow(stale);
    expect(outside).toEqual({ made: [], looks: 0, acts: 0 });
  });

  test('does not act where the claim was lost while it looked', async () => {
    const { outbox, claim, outside, entry, takeOver } = opened();
    const find = async () => {
      takeOver();
      return null;
    };
    await expect(outbox.perform(claim, { ...entry('1'), find })).rejects.toThrow(stale);
    expect(outside.acts).toBe(0);
  });

  test('records nothing where the claim was lost during the act, and the new holder finds what was made', async () => {
    const { outbox, claim, outside, entry, takeOver } = opened();
    let next: Claim | undefined;
    const act = async () => {
      const result = await entry('1').act();
      next = takeOver();
      return result;
    };
    await expect(outbox.perform(claim, { ...entry('1'), act })).rejects.toThrow(stale);
    expect(await outbox.perform(next ?? claim, entry('1'))).toEqual({ number: 1 });
    expect(outside.acts).toBe(1);
  });

  test('still serves the last holder of a task that has ended', async () => {
    const { outbox, claim, queue, entry } = opened();
    queue.fail(claim, 'it broke');
    expect(await outbox.perform(claim, entry('comment'))).toEqual({ number: 1 });
  });
});

/** An outbox with a claimed task, and an outside that counts what is done to it. */
function opened() {
  const { queue, ...rest } = openQueue();
  enqueued(queue);
  const claim = claimed(queue);
  const outside = { made: [] as string[], looks: 0, acts: 0 };
  const entry = (title: string) => ({
    kind: 'open',
    key: title,
    intent: { title },
    find: async () => {
      outside.looks += 1;
      const index = outside.made.indexOf(title);
      return index < 0 ? null : { number: index + 1 };
    },
    act: async () => {
      outside.acts += 1;
      return { number: outside.made.push(title) };
    },
  });
  const takeOver = () => {
    queue.retryLater(claim, { reason: 'again', wakeAt: 0 });
    return claimed(queue);
  };
  return { ...rest, queue, claim, outside, entry, takeOver };
}
