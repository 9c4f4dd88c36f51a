import { messageOf } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import { attemptId } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';
import { collectResult } from './collect.ts';
import { removeContainers, removeWorkspace, tidied } from './discard.ts';

/**
 * Ends the attempt under way, if there is one, of a task that nobody goes on with: its work is kept, its remains go. An
 * engine that does not answer holds nothing up; what it still has is removed at the next start of forge.
 */
export async function closeAttempt(task: Task, rooms: Rooms): Promise<void> {
  const last = rooms.queue.attempts(task.id).at(-1);
  if (last === undefined || last.outcome !== null) return;
  const resultSha = last.startedAt === null ? null : await keepWork(task, last, rooms);
  rooms.queue.finishAttempt(task, last.number, { outcome: { kind: 'cancelled' }, resultSha });
  await tidied(task, removeContainers(task, last, rooms), rooms);
  await tidied(task, removeWorkspace(task, last, rooms), rooms);
}

async function keepWork(task: Task, attempt: Attempt, rooms: Rooms): Promise<Sha | null> {
  const { workspaces, engine, logger } = rooms;
  try {
    if (attempt.containerId !== null) await engine.stop(attempt.containerId, { graceSeconds: 1 });
    const mirror = workspaces.mirror(task.repo);
    const workspace = await workspaces.find(mirror, attemptId(task.id, attempt.number));
    const imported = workspace === null ? null : await collectResult(task, attempt, workspace, rooms);
    return imported?.kind === 'changed' ? imported.sha : null;
  } catch (error) {
    logger.warn({ task: task.id, reason: messageOf(error) }, 'the work of an attempt could not be collected');
    return null;
  }
}
