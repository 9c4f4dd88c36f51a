import { ForgeError, isForgeError } from '../errors.ts';
import type { GitHub } from '../github/client.ts';
import type { NewPullRequest, PullRequest, Repository } from '../github/records.ts';
import type { Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import { changeTitle } from '../task/names.ts';
import type { Attempt, PullRequestRef, Task } from '../task/task.ts';
import { trackingRef } from '../workspace/mirror.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';
import { pullRequestBody } from './text.ts';

/**
 * Pushes an attempt's result and opens its pull request, or ends the task when there is nothing to publish. Each write
 * is an intent in the outbox first and looks for its own trace before it acts, so doing all of this again is safe.
 */
export async function publishResult(task: Task, attempt: Attempt, rooms: Rooms): Promise<'left'> {
  const { queue } = rooms;
  if (task.state !== 'publishing') queue.startPublishing(task);
  if (attempt.outcome?.kind === 'no_changes') {
    queue.finishUnchanged(task, 'the agent found nothing to change');
    return 'left';
  }
  const headSha = attempt.resultSha;
  if (headSha === null) {
    throw new ForgeError(`attempt ${attempt.number} has nothing to publish`, {
      category: 'internal',
      service: 'forge',
    });
  }
  const [repository, content] = await Promise.all([
    rooms.github.repository(task.repo),
    pullRequestContent(task, attempt, rooms),
  ]);
  await startEmptyRepository(task, attempt, repository, rooms);
  await pushBranch(task, headSha, repository, rooms);
  const pullRequest = await openPullRequest(task, headSha, repository, content, rooms);
  queue.putInReview(task, { pullRequest: reference(pullRequest), headSha });
  return 'left';
}

/**
 * Throws `conflict` when the branch holds anything that forge did not put there: other people's commits stay. What it
 * holds is asked only where it is not what forge left: the server compares, so that one exchange is enough as a rule.
 */
async function pushBranch(task: Task, headSha: Sha, repository: Repository, rooms: Rooms): Promise<void> {
  const { workspaces, outbox } = rooms;
  const mirror = workspaces.mirror(task.repo);
  const push = { mirror, branch: task.branch, pushUrl: repository.cloneUrl, sha: headSha };
  await outbox.perform(task, {
    kind: 'push',
    key: `${task.generation}:${task.branch}@${headSha}`,
    intent: { branch: task.branch, sha: headSha, expected: task.headSha },
    // The push looks for its own trace: a branch that is at this commit already counts as pushed.
    find: async () => null,
    act: async () => {
      const first = await workspaces.push({ ...push, expected: task.headSha });
      if (first.kind === 'pushed') return first;
      const { actual } = first;
      if (actual !== null && !(await workspaces.isKept(mirror, actual))) throw takenBranch(task);
      const second = await workspaces.push({ ...push, expected: actual });
      if (second.kind === 'lease_lost') throw takenBranch(task);
      return second;
    },
  });
}

function takenBranch(task: Task): ForgeError {
  return new ForgeError(`the branch ${task.branch} of ${task.repo} holds commits that forge did not make`, {
    category: 'conflict',
    service: 'git',
    next: `Delete or rename it, then run 'forge retry ${task.id}'`,
  });
}

/**
 * In an empty repository the default branch gets forge's root commit, or there is nothing to open a request against.
 * One that had it when the mirror was fetched is not empty, and GitHub need not be asked.
 */
async function startEmptyRepository(task: Task, attempt: Attempt, repository: Repository, rooms: Rooms) {
  const { workspaces, outbox } = rooms;
  const mirror = workspaces.mirror(task.repo);
  const at = { mirror, branch: repository.defaultBranch };
  if ((await workspaces.refSha(mirror, trackingRef(at.branch))) !== null) return;
  const url = repository.cloneUrl;
  if ((await workspaces.remoteSha({ ...at, url })) !== null) return;
  await outbox.perform(task, {
    kind: 'push',
    key: `${task.generation}:${repository.defaultBranch}@${attempt.baseSha}`,
    intent: { branch: repository.defaultBranch, sha: attempt.baseSha, expected: null },
    find: async () => null,
    act: () => workspaces.push({ ...at, pushUrl: url, sha: attempt.baseSha, expected: null }),
  });
}

type PullRequestContent = Pick<NewPullRequest, 'title' | 'body' | 'draft'>;

async function pullRequestContent(task: Task, attempt: Attempt, rooms: Rooms): Promise<PullRequestContent> {
  const { queue, workspaces } = rooms;
  const { baseSha, resultSha } = attempt;
  const [repositoryConfig, changes] = await Promise.all([
    repositoryConfigOf(task, attempt, workspaces),
    workspaces.diffStat(workspaces.mirror(task.repo), baseSha, resultSha ?? baseSha),
  ]);
  const evidence = queue.evidence(task.id);
  return {
    title: changeTitle(task),
    body: pullRequestBody({ task, evidence, attempt, attempts: queue.attempts(task.id), changes }),
    draft: repositoryConfig.draft === true || attempt.verification?.status === 'red',
  };
}

function openPullRequest(
  task: Task,
  headSha: Sha,
  repository: Repository,
  content: PullRequestContent,
  { github, outbox }: Rooms,
): Promise<PullRequest> {
  return outbox.perform(task, {
    kind: 'pull_request',
    key: `${task.generation}:${task.branch}@${headSha}`,
    intent: { head: task.branch, base: repository.defaultBranch, title: content.title },
    find: async () => {
      const found = await github.findPullRequest(task.repo, task.branch);
      if (found === null || found.state !== 'open') return null;
      return found.body === content.body ? found : github.updatePullRequest(task.repo, found.number, content);
    },
    act: () =>
      openPossiblyAsDraft(task, { head: task.branch, base: repository.defaultBranch, ...content }, github),
  });
}

/** Private repositories of free accounts have no drafts; the text says that the checks are red all the same. */
async function openPossiblyAsDraft(
  task: Task,
  content: NewPullRequest,
  github: GitHub,
): Promise<PullRequest> {
  try {
    return await github.openPullRequest(task.repo, content);
  } catch (error) {
    if (!content.draft || !isForgeError(error, 'invalid') || !/draft/i.test(error.message)) throw error;
    return github.openPullRequest(task.repo, { ...content, draft: false });
  }
}

function reference(pullRequest: PullRequest): PullRequestRef {
  const { number, url, draft } = pullRequest;
  return { number, url, state: draft ? 'draft' : 'open' };
}
