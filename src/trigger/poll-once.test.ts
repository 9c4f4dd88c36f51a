import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { APP, triggerWorld } from '../../test/support/trigger-world.ts';
import { parseRepoName } from '../task/ids.ts';
import { PRIORITY } from '../task/task.ts';
import { pollOnce, type SeenIssues } from './poll-once.ts';

const EVENTS_OF_1 = '/repos/acme/app/issues/1/events?per_page=100';
const PERMISSION = '/repos/acme/app/collaborators/wanda/permission';

let world: Awaited<ReturnType<typeof triggerWorld>>;
let seen: SeenIssues;

beforeEach(async () => {
  world = await triggerWorld();
  seen = new Map();
});

afterEach(() => world[Symbol.asyncDispose]());

const poll = () => pollOnce(world.parts, APP, seen);
const decisions = () =>
  world.queue.decisions({ repo: APP, issue: 1 }).map(({ admitted, reason }) => ({ admitted, reason }));

/** What was asked for since this was called last. */
function asked(): string[] {
  return world.requests.splice(0).map(({ url }) => url.replace(/\?labels=.*/, ''));
}

describe('an issue', () => {
  test('labelled by a writer becomes a task that holds the evidence', async () => {
    world.hub.open(APP, 1, { title: 'Fix the thing' });
    world.hub.label(APP, 1, 'forge:high', 'tina');
    world.hub.label(APP, 1, 'forge', 'wanda');
    world.wait(60_000);
    await poll();
    const [task] = world.queue.list();
    expect(task).toMatchObject({
      repo: APP,
      issue: 1,
      title: 'Fix the thing',
      triggerEvent: '2',
      state: 'queued',
      branch: 'forge/issue-1-fix-the-thing',
      priority: PRIORITY.high,
      agent: 'claude',
    });
    if (task === undefined) throw new Error('no task');
    expect(world.queue.evidence(task.id)).toEqual({
      title: 'Fix the thing',
      body: 'Body of 1',
      author: 'author',
      labels: ['forge:high', 'forge'],
      appliedBy: { login: 'wanda', id: 5, permission: 'write' },
      appliedAt: Date.parse('2026-03-01T12:00:00Z'),
      url: 'https://example.org/1',
    });
    expect(decisions()).toEqual([{ admitted: true, reason: `task ${task.id}: wanda applied the label` }]);
  });

  test.each([
    ['stan', "with the permission 'read'"],
    ['tina', "with the permission 'triage'"],
    ['stranger', "with the permission 'none'"],
    [null, 'no longer exists'],
  ])('labelled by %s comes to a reason and nothing else', async (by, reason) => {
    world.labelled(1, by);
    await poll();
    expect(world.queue.list()).toEqual([]);
    expect(decisions()).toEqual([{ admitted: false, reason: expect.stringContaining(reason) }]);
    expect(world.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('is found whatever the case of its label', async () => {
    world.labelled(1, 'wanda', 'FORGE');
    await poll();
    expect(world.queue.list()).toHaveLength(1);
  });

  test('that is a pull request is none', async () => {
    world.hub.open(APP, 1, { pullRequest: true });
    world.hub.label(APP, 1, 'forge', 'wanda');
    await poll();
    expect(world.queue.list()).toEqual([]);
    expect(asked()).toEqual(['/repos/acme/app/issues']);
  });

  test('refused once is decided anew when a writer applies the label again', async () => {
    world.labelled(1, 'stan');
    await poll();
    world.hub.unlabel(APP, 1, 'forge', 'stan');
    world.hub.label(APP, 1, 'forge', 'mark');
    await poll();
    expect(world.queue.list()).toMatchObject([{ triggerEvent: '3' }]);
    expect(decisions().map(({ admitted }) => admitted)).toEqual([true, false]);
  });

  test('labelled again gets a second task only when the first has ended', async () => {
    world.labelled(1, 'wanda');
    await poll();
    const [first] = world.queue.list();
    if (first === undefined) throw new Error('no task');
    const relabel = async () => {
      world.hub.unlabel(APP, 1, 'forge', 'wanda');
      world.hub.label(APP, 1, 'forge', 'wanda');
      world.wait(60_000);
      await poll();
    };
    await relabel();
    expect(decisions()[0]).toEqual({
      admitted: false,
      reason: `task ${first.id} is still open for this issue`,
    });
    world.queue.cancelIdle(first.id, 'enough');
    await relabel();
    expect(world.queue.list()).toHaveLength(2);
  });

  test('without an event that tells who labelled it is refused, until the event appears', async () => {
    world.hub.open(APP, 1);
    world.hub.label(APP, 1, 'forge', 'wanda');
    world.hub.fault = ({ url }) => (url === EVENTS_OF_1 ? { body: [] } : null);
    await poll();
    expect(decisions()).toEqual([{ admitted: false, reason: "no event says who applied the label 'forge'" }]);
    world.hub.fault = () => null;
    await poll();
    expect(world.queue.list()).toHaveLength(1);
  });

  test('whose decision could not be recorded gets it at the next poll, and still one task', async () => {
    world.labelled(1, 'wanda');
    vi.spyOn(world.queue, 'recordDecision').mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    expect(await poll()).toEqual({ kind: 'changed', settled: false });
    await poll();
    expect(world.queue.list()).toHaveLength(1);
    expect(decisions()).toEqual([
      { admitted: true, reason: expect.stringContaining('was made for this already') },
    ]);
  });
});

describe('a quiet repository', () => {
  test('costs one conditional request a poll, also after a restart', async () => {
    world.labelled(1, 'wanda');
    expect(await poll()).toEqual({ kind: 'changed', settled: true });
    expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1, PERMISSION]);
    for (const memory of [seen, new Map()]) {
      expect(await pollOnce(world.parts, APP, memory)).toEqual({ kind: 'unchanged' });
      expect(asked()).toEqual(['/repos/acme/app/issues']);
    }
  });

  test('is read anew with another token', async () => {
    world.labelled(1, 'wanda');
    await poll();
    const another = { ...world.parts, github: world.gitHub('another') };
    expect(await pollOnce(another, APP, seen)).toMatchObject({ kind: 'changed' });
    expect(world.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  test('costs one request a poll where GitHub sends no ETags', async () => {
    world.hub.sendsEtags = false;
    world.labelled(1, 'wanda');
    await poll();
    asked();
    expect(await poll()).toEqual({ kind: 'changed', settled: true });
    expect(asked()).toEqual(['/repos/acme/app/issues']);
  });
});

test('an issue that changed after its decision costs no permission request', async () => {
  world.labelled(1, 'wanda');
  await poll();
  world.hub.touch(APP, 1);
  world.wait(60_000);
  asked();
  await poll();
  expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1]);
});

test('an issue touched a moment ago is looked at again: its second may not be over', async () => {
  world.labelled(1, 'stan');
  world.wait(-60_000);
  expect(await poll()).toEqual({ kind: 'changed', settled: false });
  world.hub.unlabel(APP, 1, 'forge', 'stan');
  world.hub.label(APP, 1, 'forge', 'wanda');
  world.wait(5_000);
  expect(await poll()).toEqual({ kind: 'changed', settled: true });
  expect(world.queue.list()).toHaveLength(1);
  expect(await poll()).toEqual({ kind: 'unchanged' });
});

test('of several new issues the one that has waited longest is queued first', async () => {
  for (const number of [3, 1, 2]) world.labelled(number, 'wanda');
  await poll();
  expect(world.queue.list().map(({ issue }) => issue)).toEqual([3, 1, 2]);
});

test('one issue that cannot be looked up hinders no other, and is tried again', async () => {
  for (const number of [1, 2, 3]) world.labelled(number, 'wanda');
  world.hub.fault = ({ url }) =>
    url.startsWith('/repos/acme/app/issues/2/') ? { status: 500, body: {} } : null;
  expect(await poll()).toEqual({ kind: 'changed', settled: false });
  expect(world.queue.list().map(({ issue }) => issue)).toEqual([1, 3]);
  world.hub.fault = () => null;
  asked();
  expect(await poll()).toEqual({ kind: 'changed', settled: true });
  expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1.replace('/1/', '/2/'), PERMISSION]);
  expect(world.queue.list()).toHaveLength(3);
});

test('a limit ends the poll at once, and nothing is asked for until it has passed', async () => {
  for (const number of [1, 2, 3]) world.labelled(number, 'wanda');
  world.hub.fault = ({ url }) =>
    url === EVENTS_OF_1 ? { status: 403, headers: { 'retry-after': '60' }, body: {} } : null;
  const limited = { category: 'unavailable', retryAt: world.now() + 60_000 };
  await expect(poll()).rejects.toMatchObject(limited);
  world.hub.fault = () => null;
  asked();
  await expect(poll()).rejects.toMatchObject(limited);
  await expect(pollOnce(world.parts, parseRepoName('acme/other'), new Map())).rejects.toMatchObject(limited);
  expect(asked()).toEqual([]);
  world.wait(60_000);
  await poll();
  expect(world.queue.list()).toHaveLength(3);
});
