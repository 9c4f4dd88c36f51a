/**
 * The life of a task. `queued` waits for a slot; `preparing` makes the workspace and container; in `running` the
 * agent works; in `verifying` forge checks the result; `publishing` pushes and opens the pull request;
 * `in_review` lasts while the pull request is open; `waiting` needs a person, an approval, a provider or a budget.
 */
export const TASK_STATES = [
  'queued',
  'preparing',
  'running',
  'verifying',
  'publishing',
  'in_review',
  'waiting',
  'merged',
  'closed',
  'failed',
  'cancelled',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** The states in which a task occupies a slot: a claim holds it and its story is being told. */
export const ACTIVE_STATES = ['preparing', 'running', 'verifying', 'publishing'] as const;
export type ActiveState = (typeof ACTIVE_STATES)[number];

/** The states that end a task; each carries a finished time. */
export const FINAL_STATES = ['merged', 'closed', 'failed', 'cancelled'] as const;
export type FinalState = (typeof FINAL_STATES)[number];

/**
 * Which state may follow which. A claimed task whose agent has finished already (a retry of publishing alone, or
 * after a crash) goes from `preparing` straight to what is left. `publishing` to `closed` is the end of a task
 * whose agent found nothing to change. A failed, cancelled or waiting task is queued again only by a person.
 */
export const NEXT_STATES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  queued: ['preparing', 'waiting', 'failed', 'cancelled'],
  preparing: ['running', 'verifying', 'publishing', 'queued', 'waiting', 'failed', 'cancelled'],
  running: ['verifying', 'publishing', 'queued', 'waiting', 'failed', 'cancelled'],
  verifying: ['publishing', 'queued', 'waiting', 'failed', 'cancelled'],
  publishing: ['in_review', 'closed', 'queued', 'waiting', 'failed', 'cancelled'],
  in_review: ['merged', 'closed', 'queued', 'waiting', 'cancelled'],
  waiting: ['queued', 'failed', 'cancelled', 'closed'],
  merged: [],
  closed: [],
  failed: ['queued'],
  cancelled: ['queued'],
};

export function isFinal(state: TaskState): state is FinalState {
  return (FINAL_STATES as readonly TaskState[]).includes(state);
}

export function isActive(state: TaskState): state is ActiveState {
  return (ACTIVE_STATES as readonly TaskState[]).includes(state);
}
