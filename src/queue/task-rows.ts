import type { PullRequestRef, Task } from '../task/task.ts';

/** One row as `TASK_COLUMNS` selects it. The database's own constraints vouch for its types. */
export interface TaskRow extends Omit<Task, 'pullRequest'> {
  prNumber: number | null;
  prUrl: string | null;
  prState: PullRequestRef['state'] | null;
}

/** For SELECT and RETURNING alike. */
export const TASK_COLUMNS = `
  id, repo, issue, title, trigger_event AS triggerEvent, state, reason, wake_at AS wakeAt, priority, agent,
  generation, branch, base_sha AS baseSha, head_sha AS headSha, pr_number AS prNumber, pr_url AS prUrl,
  pr_state AS prState, created_at AS createdAt, updated_at AS updatedAt, finished_at AS finishedAt`;

/** The three columns of a pull request are set together or not at all. */
export function toTask({ prNumber, prUrl, prState, ...row }: TaskRow): Task {
  const complete = prNumber !== null && prUrl !== null && prState !== null;
  return { ...row, pullRequest: complete ? { number: prNumber, url: prUrl, state: prState } : null };
}
