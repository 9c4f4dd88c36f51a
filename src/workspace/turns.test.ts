import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('one at a time per key, in order, also after a failure', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const a = turns.take('k', undefined, async () => {
    seen.push('a begins');
    await first.promise;
    seen.push('a ends');
    throw new Error('a failed');
  });
  const b = turns.take('k', undefined, async () => seen.push('b'));
  await turns.take('other', undefined, async () => seen.push('other'));
  first.resolve();
  await expect(a).rejects.toThrow('a failed');
  await b;
  expect(seen).toEqual(['a begins', 'other', 'a ends', 'b']);
});

test('a caller that gives up while waiting rejects at once and lets nobody overtake', async () => {
  const turns = new Turns();
  const first = Promise.withResolvers<void>();
  const seen: string[] = [];
  const a = turns.take('k', undefined, () => first.promise.then(() => seen.push('a')));
  const controller = new AbortController();
  const b = turns.take('k', controller.signal, async () => seen.push('b'));
  controller.abort(new Error('enough'));
  await expect(b).rejects.toThrow('enough');
  const c = turns.take('k', undefined, async () => seen.push('c'));
  expect(seen).toEqual([]);
  first.resolve();
  await Promise.all([a, c]);
  expect(seen).toEqual(['a', 'c']);
});
