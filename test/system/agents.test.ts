import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContainers } from '../support/engine.ts';
import { openWorld, until } from '../support/world.ts';

/** One attempt, so that a failure is final at once. */
const ONCE = { FORGE_MAX_ATTEMPTS: '1' };

test.concurrent('an agent that fails: the task fails with its words, and its work is kept', async (hooks) => {
  const agent = 'echo half > half.txt; echo "I cannot do this" >&2; exit 3';
  const world = await openWorld({ env: { ...ONCE, FORGE_AGENT_COMMAND: agent } }, hooks);
  const issue = world.labelledIssue('Too hard');
  const task = await world.task(issue, ({ state }) => state === 'failed');
  expect(task.reason).toMatch(/exit(ed with)? (code )?3|I cannot do this/);
  expect(task.finishedAt).not.toBeNull();
  expect(world.github.pullRequests(world.repo)).toEqual([]);
  expect(world.keptFile(task.id, 1, 'half.txt')).toBe('half\n');
  await until('the issue to say so', async () => {
    const labels = world.github.labels(world.repo, issue);
    return { done: labels.includes('forge:failed') ? true : null, seen: labels };
  });
  expect(world.github.comments(world.repo, issue)[0]?.body).toContain('Failed');
});

test.concurrent('an agent that fails is tried again, up to the limit', async (hooks) => {
  const world = await openWorld({ env: { FORGE_MAX_ATTEMPTS: '2', FORGE_AGENT_COMMAND: 'exit 1' } }, hooks);
  const issue = world.labelledIssue('Again');
  const queued = await world.task(issue, ({ state, attempt }) => state === 'queued' && attempt !== null);
  expect(queued.wakeAt).not.toBeNull();
  const task = await world.task(issue, ({ state }) => state === 'failed');
  expect(task.attempt?.number).toBe(2);
});

test.concurrent('an agent that hangs is stalled; one that ignores SIGTERM is killed; both keep their work', async (hooks) => {
  const agent = 'trap "" TERM; echo half > half.txt; while :; do sleep 1; done';
  const world = await openWorld(
    {
      env: { ...ONCE, FORGE_AGENT_COMMAND: agent, FORGE_STALL_MINUTES: '0.03' },
    },
    hooks,
  );
  const task = await world.task(world.labelledIssue('Hang'), ({ state }) => state === 'failed');
  expect(task.reason).toContain('no progress');
  expect(world.keptFile(task.id, 1, 'half.txt')).toBe('half\n');
  expect(await engineContainers(world.home)).toEqual([]);
});

test.concurrent('an agent that goes on for ever meets the wall clock', async (hooks) => {
  const agent = 'echo half > half.txt; while :; do echo busy; sleep 0.2; done';
  const world = await openWorld(
    {
      env: { ...ONCE, FORGE_AGENT_COMMAND: agent, FORGE_ATTEMPT_MINUTES: '0.05' },
    },
    hooks,
  );
  const task = await world.task(world.labelledIssue('Busy'), ({ state }) => state === 'failed');
  expect(task.reason).toContain('longer than 0.05 minutes');
  expect(world.keptFile(task.id, 1, 'half.txt')).toBe('half\n');
});

test.concurrent('an agent that floods its output is recorded within bounds and still finishes', async (hooks) => {
  const agent = 'head -c 20000000 /dev/zero | tr "\\\\0" "x"; echo; seq 1 60000; echo done > done.txt';
  const world = await openWorld({ env: { ...ONCE, FORGE_AGENT_COMMAND: agent } }, hooks);
  const task = await world.task(world.labelledIssue('Flood'), ({ state }) => state === 'in_review');
  const lines = (await world.forge('logs', task.id, '--json')).stdout.trim().split('\n');
  expect(lines.length).toBeLessThan(21_000);
  const raw = await stat(join(world.home, 'logs', 'attempts', `${task.id}-1.log`));
  expect(raw.size).toBeGreaterThan(20_000_000);
});

test.concurrent('an agent that never stops printing is ended with the reason', async (hooks) => {
  const world = await openWorld({ env: { ...ONCE, FORGE_AGENT_COMMAND: 'tr "\\\\0" x < /dev/zero' } }, hooks);
  const task = await world.task(world.labelledIssue('Endless'), ({ state }) => state === 'failed');
  expect(task.reason).toContain('printed more than');
});

test.concurrent('no change is a result: its explanation is posted, and there is no pull request', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: 'echo "It is right already."' } }, hooks);
  const issue = world.labelledIssue('Is it wrong?');
  const task = await world.task(issue, ({ state }) => state === 'closed');
  expect(task.reason).toContain('nothing to change');
  expect(world.github.pullRequests(world.repo)).toEqual([]);
  await until('the explanation', async () => {
    const comments = world.github.comments(world.repo, issue);
    return { done: comments[0]?.body.includes('> It is right already.') ? true : null, seen: comments };
  });
  expect(world.github.comments(world.repo, issue)).toHaveLength(1);
});

test.concurrent('changes that were left uncommitted are in the pull request', async (hooks) => {
  const world = await openWorld(
    {
      env: { FORGE_AGENT_COMMAND: 'echo new > new.txt; echo "# changed" > README.md' },
    },
    hooks,
  );
  await world.task(world.labelledIssue('Leave it'), ({ state }) => state === 'in_review');
  const [pull] = world.github.pullRequests(world.repo);
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'new.txt')).toBe('new\n');
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'README.md')).toBe('# changed\n');
});

test.each([
  ['rewrote the history', 'git commit -q --amend -m again --allow-empty'],
  ['left the branch for one without history', 'git checkout -q --orphan other'],
  [
    'recorded a submodule',
    'git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; git commit -qm sub',
  ],
])('an agent that %s still has its files published', async (_name, deed) => {
  const world = await openWorld({
    env: { ...ONCE, FORGE_AGENT_COMMAND: `${deed}; echo new > new.txt; git add new.txt; git commit -qm new` },
  });
  await world.task(world.labelledIssue('Rewrite'), ({ state }) => state === 'in_review');
  const [pull] = world.github.pullRequests(world.repo);
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'new.txt')).toBe('new\n');
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'README.md')).toBe('# app\n');
});

test.concurrent('commits that change nothing are no result', async (hooks) => {
  const agent = 'git commit -q --allow-empty -m nothing; echo "Nothing to do."';
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: agent } }, hooks);
  await world.task(world.labelledIssue('Nothing'), ({ state }) => state === 'closed');
  expect(world.github.pullRequests(world.repo)).toEqual([]);
});

const CHECKED = { 'README.md': '', '.forge.yml': 'verify:\n  - echo looking; grep -qx right answer.txt\n' };

test.concurrent('red checks go back to the agent once; mended, the pull request is green', async (hooks) => {
  const agent =
    'if grep -q "exit code 1" "$FORGE_PROMPT_FILE"; then echo right > answer.txt; else echo wrong > answer.txt; fi';
  const world = await openWorld({ files: CHECKED, env: { FORGE_AGENT_COMMAND: agent } }, hooks);
  const task = await world.task(world.labelledIssue('Mend'), ({ state }) => state === 'in_review');
  expect(task.attempt).toMatchObject({ number: 2, kind: 'revise' });
  const [pull] = world.github.pullRequests(world.repo);
  expect(pull).toMatchObject({ draft: false, body: expect.stringContaining('**green**') });
});

test.concurrent('checks that stay red make a draft that says so', async (hooks) => {
  const world = await openWorld(
    { files: CHECKED, env: { FORGE_AGENT_COMMAND: 'date +%N > answer.txt' } },
    hooks,
  );
  const task = await world.task(world.labelledIssue('Stay red'), ({ state }) => state === 'in_review');
  expect(task.attempt?.number).toBe(2);
  expect(task.pullRequest?.state).toBe('draft');
  const [pull] = world.github.pullRequests(world.repo);
  expect(pull).toMatchObject({ draft: true, body: expect.stringContaining('**red**') });
});

test.concurrent('the configuration is the default branch’s, whatever the agent does to it', async (hooks) => {
  const agent = 'echo wrong > answer.txt; printf "verify:\\n  - true\\n" > .forge.yml';
  const world = await openWorld({ files: CHECKED, env: { FORGE_AGENT_COMMAND: agent } }, hooks);
  const task = await world.task(world.labelledIssue('Cheat'), ({ state }) => state === 'in_review');
  expect(task.pullRequest?.state).toBe('draft');
});
