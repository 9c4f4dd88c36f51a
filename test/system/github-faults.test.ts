import { expect, test } from 'vitest';
import type { TaskJson } from '../../src/api/task-json.ts';
import type { DemoGitHub } from '../../src/demo/github-server.ts';
import { eventsOf } from '../support/task-log.ts';
import { openWorld, until, type World } from '../support/world.ts';

type Break = Parameters<DemoGitHub['fault']>;
type Broken = Break[0] & { fault: Break[1] };

const AGENT = { FORGE_AGENT_COMMAND: 'echo right > answer.txt; echo "Righted."' };
const OPENING = { method: 'POST', path: '/repos/ada/app/pulls' };
const PUSH = { method: 'POST', path: '/ada/app.git/git-receive-pack' };
const COMMENTING = { method: 'POST', path: /\/issues\/\d+\/comments$/ };
const POLL = { method: 'GET', path: '/repos/ada/app/issues' };

interface Case {
  name: string;
  broken: Broken;
  /** What the task's log says of it; null where forge gets by without a break. */
  reason: RegExp | null;
  /** How often forge asks for the pull request. */
  opened: number;
}

const CASES: readonly Case[] = [
  {
    name: '401 at publishing',
    broken: { ...OPENING, fault: { status: 401, body: { message: 'Bad credentials' } } },
    reason: /401.*POST \S+\/ada\/app\/pulls.*Bad credentials.*GITHUB_TOKEN/,
    opened: 2,
  },
  {
    name: '502 instead of a pull request',
    broken: { ...OPENING, fault: { status: 502, body: '<html>Bad Gateway</html>' } },
    reason: /502.*POST \S+\/ada\/app\/pulls/,
    opened: 2,
  },
  {
    name: 'the connection is cut once the pull request is there',
    broken: { ...OPENING, fault: { cutAfter: true } },
    reason: /POST \S+\/ada\/app\/pulls/,
    opened: 1,
  },
  {
    name: 'the answer about the new pull request breaks off',
    broken: { ...OPENING, fault: { truncate: true } },
    reason: /POST \S+\/ada\/app\/pulls/,
    opened: 1,
  },
  {
    name: 'a web page instead of a pull request',
    broken: { ...OPENING, fault: { html: true } },
    reason: /POST \S+\/ada\/app\/pulls/,
    opened: 2,
  },
  {
    name: 'the connection is cut once the branch is pushed',
    broken: { ...PUSH, fault: { cutAfter: true, times: 2 } },
    reason: /git push failed/,
    opened: 1,
  },
  {
    name: 'the connection is cut once the comment is there',
    broken: { ...COMMENTING, fault: { cutAfter: true } },
    reason: null,
    opened: 1,
  },
  {
    name: 'web pages while polling',
    broken: { ...POLL, fault: { html: true, times: 2 } },
    reason: null,
    opened: 1,
  },
  {
    name: 'half an answer while polling',
    broken: { ...POLL, fault: { truncate: true, times: 2 } },
    reason: null,
    opened: 1,
  },
];

test.concurrent.for(CASES.map((one) => [one.name, one] as const))('%s', async ([, one], context) => {
  const { broken, reason, opened } = one;
  const { fault, ...match } = broken;
  const world = await openWorld({ env: AGENT }, context);
  world.github.fault(match, fault);
  const task = await published(world, world.labelledIssue('The answer is wrong'));
  expect(requestsTo(world, OPENING)).toHaveLength(opened);
  const interruptions = await reasonsToQueue(world, task);
  expect(interruptions).toEqual(reason === null ? [] : [expect.stringMatching(reason)]);
});

test.concurrent('in a secondary limit nothing at all is asked before its time', async (context) => {
  const world = await openWorld({ env: AGENT }, context);
  const message = 'You have exceeded a secondary rate limit';
  world.github.fault(OPENING, { status: 403, headers: { 'retry-after': '7' }, body: { message } });
  const task = await published(world, world.labelledIssue('The answer is wrong'));
  expect(await reasonsToQueue(world, task)).toEqual([expect.stringContaining(message)]);
  const refusedAt = requestsTo(world, OPENING)[0]?.at ?? Number.NaN;
  // What was on its way while GitHub refused cannot be called back.
  const laterBy = world.github.requests.map(({ at }) => at - refusedAt).filter((ms) => ms > 500);
  expect(Math.min(...laterBy)).toBeGreaterThanOrEqual(7000);
});

test.concurrent('a token that may not push: no pull request, and a reason that says so', async (context) => {
  const world = await openWorld({ env: AGENT }, context);
  const body = 'Permission to ada/app.git denied to forge-bot.';
  world.github.fault(PUSH, { status: 403, headers: { 'content-type': 'text/plain' }, body });
  const issue = world.labelledIssue('The answer is wrong');
  await oneComment(world, issue, 'Failed:');

  const task = await world.task(issue, ({ state }) => state === 'failed');
  expect(task.reason).toMatch(/git push failed.*403.*Give the token write access/);
  expect(world.keptFile(task.id, 1, 'answer.txt')).toBe('right\n');
  expect(world.github.pullRequests(world.repo)).toEqual([]);
  expect(requestsTo(world, OPENING)).toEqual([]);
  await expectRanOnce(world, task);
});

/** Waits for the task's end: one pull request with the agent's one result, and one comment that says so. */
async function published(world: World, issue: number): Promise<TaskJson> {
  await oneComment(world, issue, 'Opened #');
  const task = await world.task(issue, ({ state }) => state === 'in_review');
  const pulls = world.github.pullRequests(world.repo);
  expect(pulls).toEqual([
    expect.objectContaining({ number: task.pullRequest?.number, state: 'open', headSha: task.headSha }),
  ]);
  expect(await world.github.readFile(world.repo, task.headSha ?? '', 'answer.txt')).toBe('right\n');
  await expectRanOnce(world, task);
  return task;
}

async function oneComment(world: World, issue: number, text: string): Promise<void> {
  const comments = await until(`a comment with ${text}`, async () => {
    const seen = world.github.comments(world.repo, issue);
    return { done: seen.some(({ body }) => body.includes(text)) ? seen : null, seen };
  });
  expect(comments).toHaveLength(1);
}

async function expectRanOnce(world: World, task: TaskJson): Promise<void> {
  expect(task.attempt?.number).toBe(1);
  expect((await statesOf(world, task)).filter(({ to }) => to === 'running')).toHaveLength(1);
}

function requestsTo(world: World, { method, path }: { method: string; path: string }) {
  return world.github.requests.filter((request) => request.method === method && request.path === path);
}

/** Why the task went back to the queue, each time. */
async function reasonsToQueue(world: World, task: TaskJson): Promise<string[]> {
  const states = await statesOf(world, task);
  return states.filter(({ from, to }) => from !== null && to === 'queued').map(({ text }) => text);
}

async function statesOf(world: World, task: TaskJson) {
  return (await eventsOf(world, task.id)).filter(({ type }) => type === 'state');
}
