import { ForgeError } from '../errors.ts';
import type { PullRequest, Repository } from '../github/records.ts';
import type { Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import type { Attempt, PullRequestRef, Task } from '../task/task.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';
import { pullRequestBody, pullRequestTitle } from './text.ts';

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
  const repository = await rooms.github.repository(task.repo);
  await startEmptyRepository(task, attempt, repository, rooms);
  await pushBranch(task, headSha, repository, rooms);
  const pullRequest = await openPullRequest(task, attempt, repository, rooms);
  queue.putInReview(task, { pullRequest: reference(pullRequest), headSha });
  return 'left';
}

/** Throws `conflict` when the branch holds anything that forge did not put there: other people's commits stay. */
async function pushBranch(task: Task, headSha: Sha, repository: Repository, rooms: Rooms): Promise<void> {
  const { workspaces, outbox } = rooms;
  const mirror = workspaces.mirror(task.repo);
  const at = { mirror, branch: task.branch };
  const url = repository.cloneUrl;
  const present = await workspaces.remoteSha({ ...at, url });
  if (present !== null && present !== headSha && !(await workspaces.isKept(mirror, present)))
    throw takenBranch(task);
  await outbox.perform(task, {
    kind: 'push',
    key: `${task.generation}:${task.branch}@${headSha}`,
    intent: { branch: task.branch, sha: headSha, expected: present },
    find: async () => (present === headSha ? { kind: 'pushed' as const } : null),
    act: async () => {
      const result = await workspaces.push({ ...at, pushUrl: url, sha: headSha, expected: present });
      if (result.kind === 'lease_lost') throw takenBranch(task);
      return result;
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

/** In an empty repository the default branch gets forge's root commit, or there is nothing to open a request against. */
async function startEmptyRepository(task: Task, attempt: Attempt, repository: Repository, rooms: Rooms) {
  const { workspaces, outbox } = rooms;
  const at = { mirror: workspaces.mirror(task.repo), branch: repository.defaultBranch };
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

async function openPullRequest(
  task: Task,
  attempt: Attempt,
  repository: Repository,
  rooms: Rooms,
): Promise<PullRequest> {
  const { github, outbox, queue, workspaces } = rooms;
  const repositoryConfig = await repositoryConfigOf(task, attempt, workspaces);
  const mirror = workspaces.mirror(task.repo);
  const content = {
    title: pullRequestTitle(task),
    body: pullRequestBody({
      task,
      evidence: queue.evidence(task.id),
      attempt,
      attempts: queue.attempts(task.id),
      changes: await workspaces.diffStat(mirror, attempt.baseSha, attempt.resultSha ?? attempt.baseSha),
    }),
    draft: repositoryConfig.draft === true || attempt.verification?.status === 'red',
  };
  return outbox.perform(task, {
    kind: 'pull_request',
    key: `${task.generation}:${task.branch}@${attempt.resultSha}`,
    intent: { head: task.branch, base: repository.defaultBranch, title: content.title },
    find: async () => {
      const found = await github.findPullRequest(task.repo, task.branch);
      if (found === null || found.state !== 'open') return null;
      return found.body === content.body ? found : github.updatePullRequest(task.repo, found.number, content);
    },
    act: () =>
      github.openPullRequest(task.repo, { head: task.branch, base: repository.defaultBranch, ...content }),
  });
}

function reference(pullRequest: PullRequest): PullRequestRef {
  const { number, url, draft } = pullRequest;
  return { number, url, state: draft ? 'draft' : 'open' };
}
