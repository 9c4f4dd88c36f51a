import type { Rooms } from '../rooms.ts';
import { attemptId, CONTAINER_ROLES, containerName } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';

/** Removes an attempt's containers, then its workspace. Absent ones are fine; what was imported stays in the mirror. */
export async function discardAttempt(
  task: Pick<Task, 'id'>,
  attempt: Pick<Attempt, 'number'>,
  rooms: Pick<Rooms, 'engine' | 'workspaces'>,
): Promise<void> {
  for (const role of CONTAINER_ROLES) {
    await rooms.engine.remove(containerName(task.id, attempt.number, role));
  }
  await rooms.workspaces.remove(attemptId(task.id, attempt.number));
}
