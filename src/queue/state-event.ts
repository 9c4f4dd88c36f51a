import type { NewEvent } from '../task/event.ts';
import type { TaskState } from '../task/state.ts';

/** The line in the task's log that a move leaves; `from` is null where the task begins. */
export function stateEvent(from: TaskState | null, to: TaskState, reason: string | null): NewEvent {
  const text = reason === null ? SENTENCES[to] : `${SENTENCES[to]}: ${reason}`;
  return { type: 'state', text, data: { from, to } };
}

const SENTENCES: Readonly<Record<TaskState, string>> = {
  queued: 'in the queue',
  preparing: 'preparing the workspace and the container',
  running: 'the agent is at work',
  verifying: 'checking the result',
  publishing: 'publishing the result',
  in_review: 'the pull request is open',
  waiting: 'waiting',
  merged: 'the pull request was merged',
  closed: 'closed',
  failed: 'failed',
  cancelled: 'cancelled',
};
