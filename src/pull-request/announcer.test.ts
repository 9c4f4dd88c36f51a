import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { enqueued, openQueue } from '../../test/support/queue.ts';
import { ForgeError } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import { Announcer } from './announcer.ts';

test('while GitHub fails, what else happens to a task does not shorten the wait', async () => {
  const opened = openQueue();
  const { id } = enqueued(opened.queue);
  let asked = 0;
  const comments = async () => {
    asked += 1;
    throw new ForgeError('GitHub does not answer', { category: 'unavailable', service: 'github' });
  };
  const rooms = {
    ...opened,
    config: { label: 'forge' },
    github: { comments },
    logger: pino({ enabled: false }),
  };
  const stop = new AbortController();
  // The parts of the rooms that an announcement is made with; the clock stands still, so no wait ever passes.
  const running = new Announcer(rooms as unknown as Rooms).run(stop.signal);
  await expect.poll(() => asked).toBe(1);
  for (const text of ['one', 'two', 'three']) {
    opened.events.append(id, null, { type: 'output', text });
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  }
  stop.abort();
  await running;
  expect(asked).toBe(1);
});
