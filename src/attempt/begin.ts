import type { Rooms } from '../rooms.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { Step } from './plan.ts';

/**
 * A new attempt, recorded before anything is made for it. A first try starts from the tip of the default branch (in an
 * empty repository: from a root commit of forge's own), a revision from the result that it revises.
 */
export async function beginAttempt(
  task: Task,
  step: Extract<Step, { do: 'begin' }>,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Attempt> {
  if (step.after?.resultSha) {
    const { baseSha, resultSha } = step.after;
    return rooms.queue.beginAttempt(task, { kind: step.kind, baseSha, startSha: resultSha });
  }
  const baseSha = await fetchBase(task, rooms, signal);
  rooms.queue.setBase(task, baseSha);
  return rooms.queue.beginAttempt(task, { kind: step.kind, baseSha, startSha: baseSha });
}

async function fetchBase(task: Task, rooms: Rooms, signal: AbortSignal) {
  const repository = await rooms.github.repository(task.repo);
  const mirror = await rooms.workspaces.fetchMirror(task.repo, repository.cloneUrl, signal);
  const tip = await rooms.workspaces.resolveBranch(mirror, repository.defaultBranch);
  return tip ?? (await rooms.workspaces.seedCommit(mirror));
}
