import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { APP, triggerWorld } from '../../test/support/trigger-world.ts';
import { parseRepoName } from '../task/ids.ts';
import { watch } from './watcher.ts';

test('goes on with every repository while one fails or does not answer', async () => {
  await using world = await triggerWorld();
  world.labelled(1, 'wanda');
  const broken = [parseRepoName('acme/gone'), parseRepoName('acme/stuck')];
  world.hub.fault = ({ url }) => {
    if (url.startsWith('/repos/acme/gone/')) return { status: 404, body: { message: 'Not Found' } };
    return url.startsWith('/repos/acme/stuck/') ? { fault: 'hang' } : null;
  };
  const controller = new AbortController();
  const wake = vi.fn();
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line) => void lines.push(line) });
  const config = { ...world.parts.config, repos: [...broken, APP] };
  const watching = watch({ ...world.parts, config, signal: controller.signal, wake, logger });
  const polls = (repo: string) =>
    world.requests.filter(({ url }) => url.startsWith(`/repos/${repo}/issues?`));
  await expect.poll(() => polls(APP).length, { timeout: 10_000 }).toBeGreaterThan(4);
  await expect.poll(() => polls('acme/gone').length, { timeout: 10_000 }).toBeGreaterThan(1);
  controller.abort();
  await watching;
  expect(wake).toHaveBeenCalledTimes(1);
  expect(world.queue.list()).toHaveLength(1);
  expect(polls('acme/stuck')).toHaveLength(1);
  expect(lines.filter((line) => line.includes('issue admitted'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('acme/gone')).length).toBeGreaterThan(1);
  expect(lines.filter((line) => line.includes('acme/stuck'))).toEqual([]);
});

test('ends at once when it is told to, also between two polls', async () => {
  await using world = await triggerWorld();
  const controller = new AbortController();
  const config = { ...world.parts.config, pollSeconds: 3600 };
  const watching = watch({ ...world.parts, config, signal: controller.signal });
  await expect.poll(() => world.requests.length, { timeout: 10_000 }).toBe(1);
  controller.abort();
  await watching;
  expect(world.requests).toHaveLength(1);
});
