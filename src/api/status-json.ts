import { TASK_STATES, type TaskState } from '../task/state.ts';
import type { TaskJson } from './task-json.ts';

/** What `forge status --json` prints; times are ISO 8601 UTC. What only a daemon knows is null where none runs. */
export interface StatusJson {
  daemon: {
    running: boolean;
    pid: number | null;
    version: string;
    startedAt: string | null;
    paused: boolean;
    github: { remaining: number | null; resetAt: string | null };
  };
  counts: Record<TaskState, number>;
  tasks: TaskJson[];
}

/** How many tasks a status shows: all that are open and the newest that are not, up to this. */
export const STATUS_TASKS = 200;

/** The count of every state, with a zero where there is no task. */
export function allCounts(counts: Partial<Record<TaskState, number>>): Record<TaskState, number> {
  const every = TASK_STATES.map((state) => [state, counts[state] ?? 0]);
  return Object.fromEntries(every) as Record<TaskState, number>;
}
