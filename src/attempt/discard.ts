import { messageOf } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import { attemptId, containerName } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';

/** The roles that an attempt's own workspace is mounted for. */
const ROLES = ['agent', 'salvage'] as const;

/** Removes an attempt's containers, then its workspace. Absent ones are fine; what was imported stays in the mirror. */
export async function discardAttempt(
  task: Pick<Task, 'id'>,
  attempt: Pick<Attempt, 'number'>,
  rooms: Pick<Rooms, 'engine' | 'workspaces'>,
): Promise<void> {
  await removeContainers(task, attempt, rooms);
  await removeWorkspace(task, attempt, rooms);
}

/** All but verification's, which has a workspace of its own and removes both itself. */
export async function removeContainers(
  task: Pick<Task, 'id'>,
  attempt: Pick<Attempt, 'number'>,
  { engine }: Pick<Rooms, 'engine'>,
): Promise<void> {
  await Promise.all(ROLES.map((role) => engine.remove(containerName(task.id, attempt.number, role))));
}

/** Takes its time over a large tree, and has no need to be waited for before the next step. */
export function removeWorkspace(
  task: Pick<Task, 'id'>,
  attempt: Pick<Attempt, 'number'>,
  { workspaces }: Pick<Rooms, 'workspaces'>,
): Promise<void> {
  return workspaces.remove(attemptId(task.id, attempt.number));
}

/**
 * Resolves when a removal after the end of an attempt is over. A failure is only logged: nobody's work hangs on it, and
 * the next start of forge removes what no attempt needs.
 */
export async function tidied(
  task: Pick<Task, 'id'>,
  removal: Promise<void>,
  { logger }: Pick<Rooms, 'logger'>,
): Promise<void> {
  try {
    await removal;
  } catch (error) {
    logger.warn({ task: task.id, reason: messageOf(error) }, 'what an attempt left could not be removed');
  }
}
