import { commentMarker } from '../task/names.ts';
import { describeOutcome } from '../task/outcome.ts';
import { isActive } from '../task/state.ts';
import type { Attempt, Task } from '../task/task.ts';
import { quoteForeign, quoteLines } from './markdown.ts';

/** The state labels behind the trigger's name, `LABEL:running` and so on; an issue carries at most one of them. */
export const STATE_LABELS = ['running', 'review', 'failed', 'waiting'] as const;
export type StateLabel = (typeof STATE_LABELS)[number];

/** null: the issue carries none, before the task is begun and after it has ended well. */
export function stateLabel(task: Pick<Task, 'state'>): StateLabel | null {
  if (isActive(task.state)) return 'running';
  switch (task.state) {
    case 'in_review':
      return 'review';
    case 'failed':
      return 'failed';
    case 'waiting':
      return 'waiting';
    default:
      return null;
  }
}

/** The one comment of a task on its issue. It says only what a reader needs now, and changes as seldom as that does. */
export function progressComment(task: Task, attempts: readonly Attempt[]): string {
  return `${commentMarker(task.id)}\n${progressLine(task, attempts)}\n\n<sub>forge, task ${task.id}</sub>`;
}

function progressLine(task: Task, attempts: readonly Attempt[]): string {
  const reason = task.reason === null ? '' : ` ${sentence(quoteForeign(task.reason))}`;
  switch (task.state) {
    case 'queued':
      return attempts.length === 0 ? 'In the queue.' : 'In the queue for another try.';
    case 'preparing':
    case 'running':
    case 'verifying':
    case 'publishing':
      return `Working on it (${task.agent}, attempt ${Math.max(1, attempts.length)}).`;
    case 'in_review':
      return `Opened ${reference(task)}.`;
    case 'merged':
      return `Merged with ${reference(task)}.`;
    case 'closed':
      return closedLine(task, attempts);
    case 'failed':
      return `Failed:${reason}\n\n${keptWork(attempts)}`;
    case 'waiting':
      return `Waiting for a person:${reason}`;
    case 'cancelled':
      return `Cancelled:${reason}`;
  }
}

function closedLine(task: Task, attempts: readonly Attempt[]): string {
  const outcome = attempts.at(-1)?.outcome;
  if (outcome?.kind !== 'no_changes')
    return `Closed without a merge${task.pullRequest ? `: ${reference(task)}` : ''}.`;
  const explanation = quoteForeign(outcome.explanation) || 'The agent gave no explanation.';
  return `The agent found nothing to change, so there is no pull request. It says:\n\n${quoteLines(explanation)}`;
}

function keptWork(attempts: readonly Attempt[]): string {
  return attempts
    .filter((attempt) => attempt.outcome !== null)
    .map(({ number, outcome, resultSha }) => {
      const kept =
        resultSha === null ? '' : `; its work is kept as ${resultSha.slice(0, 12)} in forge's mirror`;
      return `- attempt ${number}: ${outcome === null ? '' : quoteForeign(describeOutcome(outcome))}${kept}`;
    })
    .join('\n');
}

function reference(task: Pick<Task, 'pullRequest'>): string {
  if (task.pullRequest === null) return 'a pull request';
  return `#${task.pullRequest.number}${task.pullRequest.state === 'draft' ? ' (a draft: its checks are red)' : ''}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
