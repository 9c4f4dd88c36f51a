import { z } from 'zod';
import { TASK_STATES, type TaskState } from '../task/state.ts';
import { taskJsonSchema } from './task-json.ts';

/** What `forge status --json` prints. Where no daemon runs, what only a daemon knows is null. */
export const statusJsonSchema = z.object({
  daemon: z.object({
    running: z.boolean(),
    pid: z.number().nullable(),
    version: z.string(),
    startedAt: z.iso.datetime().nullable(),
    paused: z.boolean(),
    github: z.object({ remaining: z.number().nullable(), resetAt: z.iso.datetime().nullable() }),
  }),
  counts: z.record(z.enum(TASK_STATES), z.number()),
  tasks: z.array(taskJsonSchema),
});

export type StatusJson = z.infer<typeof statusJsonSchema>;

/** How many tasks a status shows: all that are open and the newest that are not, up to this. */
export const STATUS_TASKS = 200;

/** The count of every state, with a zero where there is no task. */
export function allCounts(counts: Partial<Record<TaskState, number>>): Record<TaskState, number> {
  const every = TASK_STATES.map((state) => [state, counts[state] ?? 0]);
  return Object.fromEntries(every) as Record<TaskState, number>;
}
