import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineContainers } from '../support/engine.ts';
import { openWorld, until } from '../support/world.ts';

const FILES = {
  'README.md': '# app\n',
  'answer.txt': 'wrong\n',
  '.forge.yml': 'verify:\n  - grep -qx right answer.txt\n',
};
const RIGHT_AGENT =
  'echo right > answer.txt && git commit -qam "Right the answer" && echo "The answer is right now, @mallory."';

test.concurrent('an issue labelled by a writer becomes a pull request that closes it', async (hooks) => {
  const world = await openWorld({ files: FILES, env: { FORGE_AGENT_COMMAND: RIGHT_AGENT } }, hooks);
  const { github, repo, home } = world;
  const issue = world.labelledIssue('The answer is wrong');
  const task = await world.task(issue, ({ state }) => state === 'in_review');

  const [pull, ...others] = github.pullRequests(repo);
  expect(others).toEqual([]);
  expect(pull).toMatchObject({
    state: 'open',
    draft: false,
    title: 'The answer is wrong',
    headRef: `forge/issue-${issue}-the-answer-is-wrong`,
    baseRef: 'main',
  });
  expect(pull?.body).toMatch(new RegExp(`^Closes #${issue}\n`));
  expect(pull?.body).toContain('The answer is right now');
  expect(pull?.body).not.toContain('@mallory');
  expect(pull?.body).toContain('**green**');
  expect(task).toMatchObject({
    repo,
    agent: 'command',
    branch: pull?.headRef,
    headSha: pull?.headSha,
    pullRequest: { number: pull?.number, url: pull?.url, state: 'open' },
  });
  expect(await github.readFile(repo, pull?.headSha ?? '', 'answer.txt')).toBe('right\n');

  await until('the issue to say so', async () => {
    const comments = github.comments(repo, issue);
    const labels = github.labels(repo, issue);
    const isDone =
      comments.length === 1 &&
      comments[0]?.body.includes(`#${pull?.number}`) &&
      labels.includes('forge:review');
    return { done: isDone ? true : null, seen: { comments, labels } };
  });
  expect(github.comments(repo, issue)[0]?.body).toContain(`<!-- forge:task:${task.id} -->`);
  expect(github.labels(repo, issue).sort()).toEqual(['forge', 'forge:review']);

  expect(await engineContainers(home)).toEqual([]);
  expect(await readdir(join(home, 'attempts'))).toEqual([]);
  const mirror = join(home, 'repos', `${repo}.git`);
  const kept = execFileSync('git', [
    '--git-dir',
    mirror,
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/forge/tasks',
  ]);
  expect(kept.toString().trim()).toBe(`${pull?.headSha} refs/forge/tasks/${task.id}/1`);
});

test.concurrent('the log tells the whole story, for people and for programs', async (hooks) => {
  const world = await openWorld({ files: FILES, env: { FORGE_AGENT_COMMAND: RIGHT_AGENT } }, hooks);
  const task = await world.task(world.labelledIssue('Tell'), ({ state }) => state === 'in_review');

  const json = await world.forge('logs', task.id.slice(0, 6), '--json');
  const events = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const states = events.filter(({ type }) => type === 'state').map((event) => event.to);
  expect(states).toEqual(['queued', 'preparing', 'running', 'verifying', 'publishing', 'in_review']);
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => Number(seq)).sort((a, b) => a - b));
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'output',
      stream: 'stdout',
      attempt: 1,
      text: expect.stringContaining('right now'),
    }),
  );
  expect(events).toContainEqual(expect.objectContaining({ type: 'verify', exitCode: 0 }));
  expect((await world.forge('logs', task.id)).stdout).toContain('The answer is right now');
});

test.concurrent('a label by somebody without write permission leaves a reason and nothing else', async (hooks) => {
  const world = await openWorld({ files: FILES, env: { FORGE_AGENT_COMMAND: RIGHT_AGENT } }, hooks);
  const { github, repo } = world;
  const strange = world.labelledIssue('Run my code', 'Please.', 'mallory');
  const refusal = await until('the refusal', async () => {
    const { stdout } = await world.forge('explain', `${repo}#${strange}`, '--json');
    const [decision] = JSON.parse(stdout) as { admitted: boolean; reason: string }[];
    return { done: decision ?? null, seen: stdout };
  });
  expect(refusal).toMatchObject({ admitted: false, reason: expect.stringContaining('mallory') });
  expect((await world.status()).tasks).toEqual([]);
  expect(github.comments(repo, strange)).toEqual([]);
  expect(github.pullRequests(repo)).toEqual([]);
  const writes = github.requests.filter(({ kind, method }) => kind === 'api' && method !== 'GET');
  expect(writes).toEqual([]);

  const fine = world.labelledIssue('A writer asks');
  await world.task(fine, ({ state }) => state === 'in_review');
});

test.concurrent('two slots and six issues: never more than two containers, and six pull requests', async (hooks) => {
  const agent = 'sleep 1; cat "$FORGE_PROMPT_FILE" | sha256sum > answer.txt';
  const world = await openWorld({ env: { FORGE_AGENT_COMMAND: agent, FORGE_MAX_CONCURRENT: '2' } }, hooks);
  const issues = [1, 2, 3, 4, 5, 6].map((n) => world.labelledIssue(`Number ${n}`));
  let most = 0;
  await until('six pull requests', async () => {
    most = Math.max(most, (await engineContainers(world.home)).length);
    const pulls = world.github.pullRequests(world.repo);
    return { done: pulls.length === issues.length ? pulls : null, seen: pulls.length };
  });
  expect(most).toBe(2);
});

test.each([
  ['an empty repository', { empty: true as const, defaultBranch: 'main' }],
  [
    'a default branch that is neither main nor without a slash',
    { files: FILES, defaultBranch: 'release/v2' },
  ],
])('%s', async (_name, wish) => {
  const world = await openWorld({ ...wish, env: { FORGE_AGENT_COMMAND: 'echo right > answer.txt' } });
  await world.task(world.labelledIssue('Begin'), ({ state }) => state === 'in_review');
  const [pull] = world.github.pullRequests(world.repo);
  expect(pull).toMatchObject({ state: 'open', baseRef: wish.defaultBranch });
  expect(await world.github.readFile(world.repo, pull?.headSha ?? '', 'answer.txt')).toBe('right\n');
});
