import { allCounts, STATUS_TASKS, type StatusJson } from '../api/status-json.ts';
import { taskJson } from '../api/task-json.ts';
import { forgeVersion } from '../config/version.ts';
import { openRecords } from './records.ts';

/** The status as the database has it, where no daemon answers. */
export async function offlineStatus(): Promise<StatusJson> {
  const records = await openRecords();
  const queue = records?.queue;
  return {
    daemon: {
      running: false,
      pid: null,
      version: forgeVersion(),
      startedAt: null,
      paused: queue?.isPaused() ?? false,
      github: { remaining: null, resetAt: null },
    },
    counts: allCounts(queue?.counts() ?? {}),
    tasks: queue?.list({ limit: STATUS_TASKS }).map((task) => taskJson(task, queue.attempts(task.id))) ?? [],
  };
}
