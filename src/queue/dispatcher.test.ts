import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { claimed, enqueued, openQueue } from '../../test/support/queue.ts';
import type { TaskId } from '../task/ids.ts';
import { Dispatcher } from './dispatcher.ts';

const RETRY_MS = 30;

/** A dispatcher whose stories never end, over a queue whose clock the test moves. */
function openDispatcher({ maxPerRepo = 10 } = {}) {
  const opened = openQueue();
  const begun: TaskId[] = [];
  const dispatcher = new Dispatcher({
    ...opened,
    config: { maxConcurrent: 10, maxPerRepo },
    logger: pino({ enabled: false }),
    attempt: (task, signal) => {
      begun.push(task.id);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  onTestFinished(() => dispatcher.stop('the test is over'));
  return { ...opened, dispatcher, begun };
}

test('a timer that fires a moment before its time costs a task nothing', async () => {
  const { queue, clock, dispatcher, begun } = openDispatcher();
  const { id } = enqueued(queue);
  const dueAt = clock.time + RETRY_MS;
  queue.retryLater(claimed(queue), { reason: 'later', wakeAt: dueAt });
  dispatcher.start();
  expect(begun).toEqual([]);
  // From now on the clock goes on with each look: the first one at it is too early, the next is not.
  clock.time = dueAt - 2;
  clock.now = () => ++clock.time;
  await expect.poll(() => begun).toEqual([id]);
});

test('a task that waits for a slot of its repository does not hide when another one is due', async () => {
  const { queue, clock, dispatcher, begun } = openDispatcher({ maxPerRepo: 1 });
  const late = enqueued(queue, { issue: 1, repo: 'acme/other' });
  queue.retryLater(claimed(queue), { reason: 'later', wakeAt: clock.time + RETRY_MS });
  const first = enqueued(queue, { issue: 2 });
  enqueued(queue, { issue: 3 });
  dispatcher.start();
  expect(begun).toEqual([first.id]);
  await setImmediate(); // the claim's own event makes it look once more
  clock.time += RETRY_MS;
  await expect.poll(() => begun).toEqual([first.id, late.id]);
});

test('a task that is claimed again at once is still interrupted and waited for', async () => {
  const { queue, events, clock } = openQueue();
  const { id } = enqueued(queue);
  const generations: number[] = [];
  const second = Promise.withResolvers<AbortSignal>();
  let ended = false;
  const dispatcher = new Dispatcher({
    ...{ queue, events, clock, logger: pino({ enabled: false }) },
    config: { maxConcurrent: 2, maxPerRepo: 2 },
    attempt: async (task, signal) => {
      generations.push(task.generation);
      if (task.generation === 1) {
        queue.retryLater(task, { reason: 'the checks failed', wakeAt: clock.now() });
        return;
      }
      second.resolve(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
    },
  });
  dispatcher.start();
  const signal = await second.promise;
  // The first story has ended by now, all its callbacks included.
  await setImmediate();
  expect(generations).toEqual([1, 2]);
  await dispatcher.interrupt(id, { kind: 'cancel', reason: 'enough' });
  expect(signal.reason).toEqual({ kind: 'cancel', reason: 'enough' });
  expect(ended).toBe(true);
  await dispatcher.stop({ kind: 'stop' });
});
