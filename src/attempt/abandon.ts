import type { Rooms } from '../rooms.ts';
import { attemptId } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';
import { collectResult } from './collect.ts';
import type { Ended } from './settle.ts';

/**
 * Ends an attempt whose container is gone or belongs to an older claim, and collects its work; its remains stay until
 * the outcome is on record. It counts as an attempt, so that a task which takes the engine down cannot do so for ever.
 */
export async function abandonAttempt(task: Task, attempt: Attempt, rooms: Rooms): Promise<Ended> {
  if (attempt.containerId !== null) await rooms.engine.remove(attempt.containerId);
  const workspace = await rooms.workspaces.find(
    rooms.workspaces.mirror(task.repo),
    attemptId(task.id, attempt.number),
  );
  const imported = workspace === null ? null : await collectResult(task, attempt, workspace, rooms);
  return {
    outcome: { kind: 'container_lost', message: 'it did not outlive the interruption' },
    resultSha: imported?.kind === 'changed' ? imported.sha : null,
  };
}
