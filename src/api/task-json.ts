import type { TaskState } from '../task/state.ts';
import type { Attempt, PullRequestRef, Task, Usage } from '../task/task.ts';

/** A task as scripts see it; times are ISO 8601 UTC. */
export interface TaskJson {
  id: string;
  repo: string;
  issue: number;
  title: string;
  state: TaskState;
  reason: string | null;
  wakeAt: string | null;
  /** The newest one; `container` is the engine's id. */
  attempt: { number: number; kind: string; startedAt: string | null; container: string | null } | null;
  agent: string;
  branch: string;
  baseSha: string | null;
  headSha: string | null;
  pullRequest: PullRequestRef | null;
  /** The sum over all attempts. */
  usage: Usage;
  createdAt: string;
  updatedAt: string;
  finishedAt: string | null;
}

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
