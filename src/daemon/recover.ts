import type { ContainerInfo } from '../container/engine.ts';
import type { Rooms } from '../rooms.ts';
import { attemptId } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';

/**
 * Brings the engine and the disk back in step with the database before any story goes on: keeps the containers and
 * workspaces that the last daemon left in the middle of their work, and removes every other one of this home.
 */
export async function recover(rooms: Rooms): Promise<void> {
  const { engine, workspaces, queue, logger, config } = rooms;
  const kept = new Map(queue.list().flatMap((task) => keptAttempt(task, queue.attempts(task.id))));
  for (const container of await engine.list(config.home)) {
    if (kept.get(attemptOf(container)) === container.id) continue;
    logger.info({ container: container.name }, 'removed a container that nothing waits for');
    await engine.remove(container.id);
  }
  for (const id of await workspaces.attemptDirs()) {
    if (!kept.has(id)) await workspaces.remove(id);
  }
}

/** An attempt that has not ended still needs its container and its workspace, whatever state the task is in. */
function keptAttempt(task: Task, attempts: readonly Attempt[]): [string, string | null][] {
  const last = attempts.at(-1);
  if (last === undefined || last.finishedAt !== null) return [];
  return [[attemptId(task.id, last.number), last.containerId]];
}

function attemptOf(container: ContainerInfo): string {
  return attemptId(container.labels['forge.task'] as Task['id'], Number(container.labels['forge.attempt']));
}
