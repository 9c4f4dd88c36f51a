import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { git, OWNER } from '../../test/support/git-fixture.ts';
import { claimed, enqueued, openQueue, temporaryDirectory } from '../../test/support/queue.ts';
import { systemClock } from '../clock.ts';
import { startGitHub } from '../demo/github-server.ts';
import { GitHub } from '../github/client.ts';
import type { Rooms } from '../rooms.ts';
import { parseRepoName, parseSha } from '../task/ids.ts';
import { attemptRef } from '../task/names.ts';
import { Workspaces } from '../workspace/workspaces.ts';
import { publishResult } from './publish.ts';

/** A task with a result to publish: `result`, one commit on the default branch's tip. */
async function toPublish() {
  const hub = await startGitHub({ users: ['ada', 'forge-bot'] });
  onTestFinished(() => hub.close());
  const repo = parseRepoName(
    await hub.addRepository({
      ...{ owner: 'ada', name: 'app', private: true, defaultBranch: 'main' },
      files: { 'a.txt': 'a' },
      collaborators: { 'forge-bot': 'write' },
    }),
  );
  const logger = pino({ enabled: false });
  const token = () => hub.account('forge-bot').token;
  const workspaces = new Workspaces({ home: temporaryDirectory(), token, containerUser: OWNER, logger });
  const github = new GitHub({ apiUrl: hub.apiUrl, token, clock: systemClock, logger });
  const mirror = await workspaces.fetchMirror(repo, `${hub.url}/${repo}.git`);
  const base = parseSha((await workspaces.resolveBranch(mirror, 'main')) ?? '');
  const { queue, outbox } = openQueue();
  enqueued(queue, { repo });
  const task = claimed(queue);
  const { number } = queue.beginAttempt(task, { kind: 'implement', baseSha: base, startSha: base });
  const result = parseSha(git(mirror.gitDir, ['commit-tree', '-p', base, '-m', 'Change', `${base}^{tree}`]));
  queue.finishAttempt(task, number, { outcome: { kind: 'changed', explanation: '' }, resultSha: result });
  queue.recordVerification(task, number, { status: 'none' });
  const publishing = queue.startPublishing(task);
  const [attempt] = queue.attempts(task.id);
  if (attempt === undefined) throw new Error('no attempt');
  /** Puts a commit of the server among those that forge keeps. */
  const keep = async (sha: string) => {
    await workspaces.fetchMirror(repo, `${hub.url}/${repo}.git`);
    git(mirror.gitDir, ['update-ref', attemptRef(task.id, 9), sha]);
  };
  // The parts of the rooms that publishing uses.
  const rooms = { queue, outbox, github, workspaces } as unknown as Rooms;
  const publish = () => publishResult(publishing, attempt, rooms);
  return { hub, repo, task, result, keep, publish, queue };
}

test('one push opens the pull request, and the server is not asked where its branches are', async () => {
  const { hub, repo, task, result, publish, queue } = await toPublish();
  const before = hub.requests.length;
  await publish();
  expect(hub.branchSha(repo, task.branch)).toBe(result);
  expect(hub.pullRequests(repo)).toMatchObject([{ headSha: result, state: 'open', draft: false }]);
  expect(queue.require(task.id)).toMatchObject({ state: 'in_review', headSha: result });
  const asked = hub.requests.slice(before).filter(({ kind }) => kind === 'git');
  expect(asked.filter(({ query, path }) => `${path}?${query}`.includes('upload-pack'))).toEqual([]);
});

test('a branch that holds what forge made before is moved on', async () => {
  const { hub, repo, task, result, keep, publish } = await toPublish();
  await keep(await hub.commit(repo, { branch: task.branch, files: { 'b.txt': 'b' }, message: 'Earlier' }));
  await publish();
  expect(hub.branchSha(repo, task.branch)).toBe(result);
});

test("other people's commits on the branch stay, and there is no pull request", async () => {
  const { hub, repo, task, publish } = await toPublish();
  const theirs = await hub.commit(repo, { branch: task.branch, files: { 'b.txt': 'b' }, message: 'Mine' });
  await expect(publish()).rejects.toMatchObject({ category: 'conflict' });
  expect(hub.branchSha(repo, task.branch)).toBe(theirs);
  expect(hub.pullRequests(repo)).toEqual([]);
});
