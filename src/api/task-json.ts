import { z } from 'zod';
import { TASK_STATES } from '../task/state.ts';
import type { Attempt, Task } from '../task/task.ts';

const time = z.iso.datetime();

/** A task as scripts see it; times are ISO 8601 UTC. `attempt` is the newest one, `usage` the sum over all. */
export const taskJsonSchema = z.object({
  id: z.string(),
  repo: z.string(),
  issue: z.number(),
  title: z.string(),
  state: z.enum(TASK_STATES),
  reason: z.string().nullable(),
  wakeAt: time.nullable(),
  attempt: z
    .object({
      number: z.number(),
      kind: z.string(),
      startedAt: time.nullable(),
      container: z.string().nullable(),
    })
    .nullable(),
  agent: z.string(),
  branch: z.string(),
  baseSha: z.string().nullable(),
  headSha: z.string().nullable(),
  pullRequest: z.object({ number: z.number(), url: z.string(), state: z.string() }).nullable(),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number(), usd: z.number() }),
  createdAt: time,
  updatedAt: time,
  finishedAt: time.nullable(),
});

export type TaskJson = z.infer<typeof taskJsonSchema>;

/** The one place where a task's JSON is made, for the daemon and for a CLI that reads the database itself. */
export function taskJson(task: Task, attempts: readonly Attempt[]): TaskJson {
  const last = attempts.at(-1);
  return {
    id: task.id,
    repo: task.repo,
    issue: task.issue,
    title: task.title,
    state: task.state,
    reason: task.reason,
    wakeAt: isoTime(task.wakeAt),
    attempt:
      last === undefined
        ? null
        : {
            number: last.number,
            kind: last.kind,
            startedAt: isoTime(last.startedAt),
            container: last.containerId,
          },
    agent: task.agent,
    branch: task.branch,
    baseSha: task.baseSha,
    headSha: task.headSha,
    pullRequest: task.pullRequest,
    usage: {
      inputTokens: sum(attempts.map(({ usage }) => usage.inputTokens)),
      outputTokens: sum(attempts.map(({ usage }) => usage.outputTokens)),
      // Tenths of cents have no exact binary form, and their sum should not show that.
      usd: Number(sum(attempts.map(({ usage }) => usage.usd)).toFixed(6)),
    },
    createdAt: isoTime(task.createdAt),
    updatedAt: isoTime(task.updatedAt),
    finishedAt: isoTime(task.finishedAt),
  };
}

/** ISO 8601 UTC; null stays null. */
export function isoTime<T extends number | null>(ms: T): T extends number ? string : null;
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
