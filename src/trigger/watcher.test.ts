import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LabelledRepositories } from '../../test/support/labelled-repositories.ts';
import { type ScriptedServer, scriptedServer } from '../../test/support/scripted-server.ts';
import { EventLog } from '../events/event-log.ts';
import { GitHub } from '../github/client.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import { type Database, openDatabase } from '../store/open-database.ts';
import { parseRepoName } from '../task/ids.ts';
import { PRIORITY } from '../task/task.ts';
import type { TriggerParts } from './parts.ts';
import { pollOnce, type SeenIssues } from './poll-once.ts';
import { watch } from './watcher.ts';

const APP = parseRepoName('acme/app');
const OTHER = parseRepoName('acme/other');
const ROLES = { wanda: 'write', mark: 'maintain', tina: 'triage', stan: 'read' };
const EVENTS_OF_1 = '/repos/acme/app/issues/1/events?per_page=100';
const PERMISSION = '/repos/acme/app/collaborators/wanda/permission';

let now: number;
let hub: LabelledRepositories;
let server: ScriptedServer;
let directory: string;
let database: Database;
let queue: TaskQueue;
let parts: TriggerParts;
let seen: SeenIssues;

const clock = { now: () => now };

beforeEach(async () => {
  now = Date.parse('2026-03-01T12:00:00Z');
  hub = new LabelledRepositories(ROLES, clock.now);
  server = await scriptedServer(hub.script);
  directory = mkdtempSync(join(tmpdir(), 'forge-trigger-'));
  database = openDatabase(join(directory, 'forge.db'));
  queue = new TaskQueue(database, clock, new EventLog(database, clock));
  seen = new Map();
  parts = {
    config: { repos: [APP], label: 'forge', pollSeconds: 0.02, agent: 'claude' },
    github: gitHub('token'),
    queue,
    clock,
    logger: pino({ enabled: false }),
    signal: new AbortController().signal,
  };
});

afterEach(async () => {
  database.close();
  rmSync(directory, { recursive: true });
  await server[Symbol.asyncDispose]();
});

function gitHub(token: string): GitHub {
  return new GitHub({ apiUrl: server.url, token: () => token, clock, logger: pino({ enabled: false }) });
}

/** An issue that was labelled long enough ago for its second to be over. */
function labelled(number: number, by: string | null, label = 'forge'): void {
  hub.open(APP, number);
  hub.label(APP, number, label, by);
  now += 60_000;
}

const poll = () => pollOnce(parts, APP, seen);
const decisions = (issue = 1) =>
  queue.decisions({ repo: APP, issue }).map(({ admitted, reason }) => ({ admitted, reason }));

/** What was asked for since this was called last. */
function asked(): string[] {
  return server.requests.splice(0).map(({ url }) => url.replace(/\?labels=.*/, ''));
}

describe('an issue', () => {
  test('labelled by a writer becomes a task that holds the evidence', async () => {
    hub.open(APP, 1, { title: 'Fix the thing' });
    hub.label(APP, 1, 'forge:high', 'tina');
    labelledNow('wanda');
    await poll();
    const [task] = queue.list();
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
    expect(queue.evidence(task.id)).toEqual({
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
    labelled(1, by);
    await poll();
    expect(queue.list()).toEqual([]);
    expect(decisions()).toEqual([{ admitted: false, reason: expect.stringContaining(reason) }]);
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('is found whatever the case of its label', async () => {
    labelled(1, 'wanda', 'FORGE');
    await poll();
    expect(queue.list()).toHaveLength(1);
  });

  test('that is a pull request is none', async () => {
    hub.open(APP, 1, { pullRequest: true });
    hub.label(APP, 1, 'forge', 'wanda');
    await poll();
    expect(queue.list()).toEqual([]);
    expect(asked()).toEqual(['/repos/acme/app/issues']);
  });

  test('refused once is decided anew when a writer applies the label again', async () => {
    labelled(1, 'stan');
    await poll();
    hub.unlabel(APP, 1, 'forge', 'stan');
    hub.label(APP, 1, 'forge', 'mark');
    await poll();
    expect(queue.list()).toMatchObject([{ triggerEvent: '3' }]);
    expect(decisions().map(({ admitted }) => admitted)).toEqual([true, false]);
  });

  test('labelled again gets a second task only when the first has ended', async () => {
    labelled(1, 'wanda');
    await poll();
    const [first] = queue.list();
    if (first === undefined) throw new Error('no task');
    const relabel = async () => {
      hub.unlabel(APP, 1, 'forge', 'wanda');
      hub.label(APP, 1, 'forge', 'wanda');
      now += 60_000;
      await poll();
    };
    await relabel();
    expect(decisions()[0]).toEqual({
      admitted: false,
      reason: `task ${first.id} is still open for this issue`,
    });
    queue.cancelIdle(first.id, 'enough');
    await relabel();
    expect(queue.list()).toHaveLength(2);
  });

  test('without an event that tells who labelled it is refused, until the event appears', async () => {
    hub.open(APP, 1);
    hub.label(APP, 1, 'forge', 'wanda');
    hub.fault = ({ url }) => (url === EVENTS_OF_1 ? { body: [] } : null);
    await poll();
    expect(decisions()).toEqual([{ admitted: false, reason: "no event says who applied the label 'forge'" }]);
    hub.fault = () => null;
    await poll();
    expect(queue.list()).toHaveLength(1);
  });

  test('whose decision could not be recorded gets it at the next poll, and still one task', async () => {
    labelled(1, 'wanda');
    vi.spyOn(queue, 'recordDecision').mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    expect(await poll()).toEqual({ kind: 'changed', settled: false });
    await poll();
    expect(queue.list()).toHaveLength(1);
    expect(decisions()).toEqual([
      { admitted: true, reason: expect.stringContaining('was made for this already') },
    ]);
  });
});

describe('a quiet repository', () => {
  test('costs one conditional request a poll, also after a restart', async () => {
    labelled(1, 'wanda');
    expect(await poll()).toEqual({ kind: 'changed', settled: true });
    expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1, PERMISSION]);
    for (const memory of [seen, new Map()]) {
      expect(await pollOnce(parts, APP, memory)).toEqual({ kind: 'unchanged' });
      expect(asked()).toEqual(['/repos/acme/app/issues']);
    }
  });

  test('is read anew with another token', async () => {
    labelled(1, 'wanda');
    await poll();
    parts = { ...parts, github: gitHub('another') };
    expect(await poll()).toMatchObject({ kind: 'changed' });
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  test('costs one request a poll where GitHub sends no ETags', async () => {
    hub.sendsEtags = false;
    labelled(1, 'wanda');
    await poll();
    asked();
    expect(await poll()).toEqual({ kind: 'changed', settled: true });
    expect(asked()).toEqual(['/repos/acme/app/issues']);
  });
});

test('an issue that changed after its decision costs no permission request', async () => {
  labelled(1, 'wanda');
  await poll();
  hub.touch(APP, 1);
  now += 60_000;
  asked();
  await poll();
  expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1]);
});

test('an issue touched a moment ago is looked at again: its second may not be over', async () => {
  labelled(1, 'stan');
  now -= 60_000;
  expect(await poll()).toEqual({ kind: 'changed', settled: false });
  hub.unlabel(APP, 1, 'forge', 'stan');
  hub.label(APP, 1, 'forge', 'wanda');
  now += 5_000;
  expect(await poll()).toEqual({ kind: 'changed', settled: true });
  expect(queue.list()).toHaveLength(1);
  expect(await poll()).toEqual({ kind: 'unchanged' });
});

test('one issue that cannot be looked up hinders no other, and is tried again', async () => {
  for (const number of [1, 2, 3]) labelled(number, 'wanda');
  hub.fault = ({ url }) => (url.startsWith('/repos/acme/app/issues/2/') ? { status: 500, body: {} } : null);
  expect(await poll()).toEqual({ kind: 'changed', settled: false });
  expect(queue.list().map(({ issue }) => issue)).toEqual([1, 3]);
  hub.fault = () => null;
  asked();
  expect(await poll()).toEqual({ kind: 'changed', settled: true });
  expect(asked()).toEqual(['/repos/acme/app/issues', EVENTS_OF_1.replace('/1/', '/2/'), PERMISSION]);
  expect(queue.list()).toHaveLength(3);
});

test('a limit ends the poll at once, and nothing is asked for until it has passed', async () => {
  for (const number of [1, 2, 3]) labelled(number, 'wanda');
  hub.fault = ({ url }) =>
    url === EVENTS_OF_1 ? { status: 403, headers: { 'retry-after': '60' }, body: {} } : null;
  const limited = { category: 'unavailable', retryAt: now + 60_000 };
  await expect(poll()).rejects.toMatchObject(limited);
  hub.fault = () => null;
  asked();
  await expect(poll()).rejects.toMatchObject(limited);
  await expect(pollOnce(parts, OTHER, new Map())).rejects.toMatchObject(limited);
  expect(asked()).toEqual([]);
  now += 60_000;
  await poll();
  expect(queue.list()).toHaveLength(3);
});

describe('watching', () => {
  test('goes on with every repository while one fails or does not answer', async () => {
    labelled(1, 'wanda');
    const broken = [parseRepoName('acme/gone'), parseRepoName('acme/stuck')];
    hub.fault = ({ url }) => {
      if (url.startsWith('/repos/acme/gone/')) return { status: 404, body: { message: 'Not Found' } };
      return url.startsWith('/repos/acme/stuck/') ? { fault: 'hang' } : null;
    };
    const controller = new AbortController();
    const wake = vi.fn();
    const config = { ...parts.config, repos: [...broken, APP] };
    const watching = watch({ ...parts, config, signal: controller.signal, wake });
    const polls = (repo: string) =>
      server.requests.filter(({ url }) => url.startsWith(`/repos/${repo}/issues?`));
    await expect.poll(() => polls(APP).length).toBeGreaterThan(4);
    await expect.poll(() => polls('acme/gone').length).toBeGreaterThan(1);
    controller.abort();
    await watching;
    expect(wake).toHaveBeenCalledTimes(1);
    expect(queue.list()).toHaveLength(1);
    expect(polls('acme/stuck')).toHaveLength(1);
  });

  test('ends at once when it is told to, also between two polls', async () => {
    const controller = new AbortController();
    const config = { ...parts.config, pollSeconds: 3600 };
    const watching = watch({ ...parts, config, signal: controller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    await watching;
    expect(server.requests).toHaveLength(1);
  });
});

/** Labels issue 1, and lets its second pass. */
function labelledNow(by: string): void {
  hub.label(APP, 1, 'forge', by);
  now += 60_000;
}
