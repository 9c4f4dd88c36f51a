import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContainers, strayContainer } from '../support/engine.ts';
import { openWorld, until } from '../support/world.ts';

const AGENT = 'echo right > answer.txt';

test.concurrent('a set-up that fails fails the task, and forge can still tell of it after a restart', async (hooks) => {
  const files = { '.forge.yml': 'setup:\n  - echo "no such registry" >&2; exit 5\n' };
  const world = await openWorld(
    { files, env: { FORGE_AGENT_COMMAND: AGENT, FORGE_MAX_ATTEMPTS: '1' } },
    hooks,
  );
  const issue = world.labelledIssue('Set up');
  const failed = await world.task(issue, ({ state }) => state === 'failed');
  expect(failed.reason).toContain('set-up');
  expect((await world.forge('logs', failed.id)).stdout).toContain('no such registry');
  expect(await world.forge('restart')).toMatchObject({ code: 0 });
  expect((await world.status()).tasks).toMatchObject([{ id: failed.id, state: 'failed' }]);
});

test.concurrent('a wrong .forge.yml fails the task with its key; corrected, a retry reads it anew', async (hooks) => {
  const files = { '.forge.yml': 'verfy: [true]\n' };
  const world = await openWorld({ files, env: { FORGE_AGENT_COMMAND: AGENT } }, hooks);
  const issue = world.labelledIssue('Misspelt');
  const failed = await world.task(issue, ({ state }) => state === 'failed');
  expect(failed.reason).toContain('verfy');
  await world.github.commit(world.repo, { files: { '.forge.yml': 'verify: ["true"]\n' }, message: 'Mend' });
  expect(await world.forge('retry', failed.id)).toMatchObject({ code: 0 });
  await world.task(issue, ({ state }) => state === 'in_review');
});

test.concurrent('a branch with somebody else’s commits is never overwritten; the task waits and says so', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: AGENT } }, hooks);
  const branch = 'forge/issue-1-mine';
  const theirs = await world.github.commit(world.repo, {
    branch,
    files: { 'theirs.txt': 'x\n' },
    message: 'Their work',
  });
  const issue = world.labelledIssue('Mine');
  expect(issue).toBe(1);
  const waiting = await world.task(issue, ({ state }) => state === 'waiting');
  expect(waiting.reason).toContain(branch);
  expect(world.github.branchSha(world.repo, branch)).toBe(theirs);
  expect(world.github.pullRequests(world.repo)).toEqual([]);
  await until('the label', async () => {
    const labels = world.github.labels(world.repo, issue);
    return { done: labels.includes('forge:waiting') ? true : null, seen: labels };
  });
});

test.concurrent('what nothing waits for is removed at the start: containers of this home, and workspaces', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: AGENT } }, hooks);
  await world.forge('stop');
  await strayContainer(world.home);
  await mkdir(join(world.home, 'attempts', '0123456789-1', 'tree'), { recursive: true });
  await world.start();
  expect(await engineContainers(world.home)).toEqual([]);
  expect(await readdir(join(world.home, 'attempts'))).toEqual([]);
});

test.concurrent('code under test that ends its own container is red, and no failure of the engine', async (hooks) => {
  const files = { '.forge.yml': 'verify:\n  - kill -9 -1\n  - "true"\n' };
  const world = await openWorld({ files, env: { FORGE_AGENT_COMMAND: AGENT } }, hooks);
  const task = await world.task(world.labelledIssue('Kill'), ({ state }) => state === 'in_review');
  expect(task.pullRequest?.state).toBe('draft');
});

test.concurrent('an issue that is closed, or lost its label, before its turn is left alone', async (hooks) => {
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: AGENT } }, hooks);
  await world.forge('pause');
  const [closed, unlabelled, wanted] = ['Closed', 'Unlabelled', 'Wanted'].map((title) =>
    world.labelledIssue(title),
  );
  for (const issue of [closed, unlabelled, wanted])
    await world.task(issue ?? 0, ({ state }) => state === 'queued');
  world.github.closeIssue(world.repo, closed ?? 0, 'ada');
  world.github.unlabel(world.repo, unlabelled ?? 0, 'forge', 'ada');
  await world.forge('resume');
  await world.task(wanted ?? 0, ({ state }) => state === 'in_review');
  expect(await world.task(closed ?? 0, ({ state }) => state === 'cancelled')).toMatchObject({
    reason: 'the issue was closed',
    attempt: null,
  });
  expect(await world.task(unlabelled ?? 0, ({ state }) => state === 'cancelled')).toMatchObject({
    reason: "the label 'forge' was removed",
    attempt: null,
  });
  expect(world.github.pullRequests(world.repo)).toHaveLength(1);
});
