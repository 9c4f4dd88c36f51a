import { isForgeError, messageOf } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import { describeOutcome, type Outcome, type Verification } from '../task/outcome.ts';
import { backoff, mayRetry } from '../task/retry-policy.ts';
import { isActive } from '../task/state.ts';
import type { Attempt, Task } from '../task/task.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';
import { discardAttempt, removeContainers, removeWorkspace, tidied } from './discard.ts';
import type { Interruption } from './interruption.ts';
import { planStep } from './plan.ts';

/** `go_on`: the plan has a next step for us. `left`: the task has moved to where nobody works on it. */
export type Settled = 'go_on' | 'left';

/** What an attempt came to, and the commit that holds what it left (also where it failed). */
export interface Ended {
  outcome: Outcome;
  resultSha: Sha | null;
  /** Set when a person or a stop ended it, not the agent. */
  interruption?: Interruption;
}

/**
 * Puts an ended attempt on record, then removes its remains, and moves the task to what follows from its outcome. Only
 * in this order can forge die in between without the work passing for lost.
 */
export async function settleAttempt(
  task: Task,
  attempt: Attempt,
  ended: Ended,
  rooms: Rooms,
): Promise<Settled> {
  const { queue } = rooms;
  queue.finishAttempt(task, attempt.number, ended);
  await tidied(task, removeContainers(task, attempt, rooms), rooms);
  // A result's is removed while it is verified.
  if (ended.outcome.kind !== 'changed') await tidied(task, removeWorkspace(task, attempt, rooms), rooms);
  switch (ended.outcome.kind) {
    case 'changed':
      queue.startVerifying(task);
      return 'go_on';
    case 'no_changes':
      queue.startPublishing(task);
      return 'go_on';
    case 'cancelled':
      return settleStopped(task, ended.interruption ?? { kind: 'stop' }, rooms);
    default:
      return settleFailedAttempt(task, attempt, ended.outcome, rooms);
  }
}

/** Red for the first time: back to the agent, at the next free slot. Otherwise on to publishing. */
export function settleVerification(
  task: Task,
  attempt: Attempt,
  verification: Verification,
  rooms: Rooms,
): Settled {
  rooms.queue.recordVerification(task, attempt.number, verification);
  const step = planStep(task, rooms.queue.attempts(task.id));
  if (step.do === 'publish') return 'go_on';
  rooms.queue.retryLater(task, {
    reason: 'the checks failed: the agent gets their output once',
    wakeAt: rooms.clock.now(),
  });
  return 'left';
}

/**
 * Something forge depends on failed, not the agent: no attempt is lost. What passes by itself is tried again later;
 * what needs a person ends the task with the reason and the next step.
 */
export async function settleFailure(claimed: Task, error: unknown, rooms: Rooms): Promise<void> {
  if (isForgeError(error, 'stale')) {
    rooms.logger.info({ task: claimed.id, reason: error.message }, 'the task has moved on');
    return;
  }
  const reason = describeFailure(error);
  rooms.logger.warn({ task: claimed.id, err: error }, 'the attempt was interrupted by a failure');
  const now = rooms.clock.now();
  const retryAt = isForgeError(error) ? error.retryAt : undefined;
  try {
    const task = rooms.queue.require(claimed.id);
    if (!isActive(task.state) || task.generation !== claimed.generation) return;
    await silenceContainer(task, rooms);
    if (passesByItself(error, claimed.generation)) {
      const wakeAt = Math.max(retryAt ?? 0, now + backoff(claimed.generation, Math.random));
      rooms.queue.retryLater(claimed, { reason, wakeAt });
    } else if (isForgeError(error, 'conflict')) {
      rooms.queue.wait(claimed, { reason, wakeAt: null });
    } else {
      rooms.queue.fail(claimed, reason);
    }
  } catch (secondary) {
    rooms.logger.error({ task: claimed.id, err: secondary }, 'a failure could not be put on record');
  }
}

/** A story that was interrupted outside the agent's own time. A drained task stays as it is for the next start. */
export async function settleInterruption(
  claimed: Task,
  interruption: Interruption,
  rooms: Rooms,
): Promise<void> {
  if (interruption.kind !== 'cancel') return;
  try {
    const last = rooms.queue.attempts(claimed.id).at(-1);
    if (last !== undefined && last.outcome === null) {
      await discardAttempt(claimed, last, rooms);
      rooms.queue.finishAttempt(claimed, last.number, { outcome: { kind: 'cancelled' }, resultSha: null });
    }
    rooms.queue.cancel(claimed, interruption.reason);
  } catch (error) {
    rooms.logger.error({ task: claimed.id, err: error }, 'a cancellation could not be put on record');
  }
}

function settleStopped(task: Task, interruption: Interruption, rooms: Rooms): Settled {
  if (interruption.kind === 'cancel') rooms.queue.cancel(task, interruption.reason);
  else rooms.queue.retryLater(task, { reason: 'forge was stopped', wakeAt: rooms.clock.now() });
  return 'left';
}

/** A failed revision costs nothing more: the result that it was to mend is published as it is. */
async function settleFailedAttempt(
  task: Task,
  attempt: Attempt,
  outcome: Outcome,
  rooms: Rooms,
): Promise<Settled> {
  if (attempt.kind === 'revise') {
    rooms.queue.startPublishing(task);
    return 'go_on';
  }
  const failed = rooms.queue
    .attempts(task.id)
    .filter((earlier) => earlier.kind === attempt.kind && earlier.outcome?.kind !== 'cancelled').length;
  const asked =
    (await repositoryConfigOf(task, attempt, rooms.workspaces)).maxAttempts ?? rooms.config.maxAttempts;
  const reason = describeOutcome(outcome);
  if (mayRetry(outcome, failed, Math.min(asked, rooms.config.maxAttempts))) {
    rooms.queue.retryLater(task, { reason, wakeAt: rooms.clock.now() + backoff(failed, Math.random) });
  } else {
    rooms.queue.fail(task, failed === 1 ? reason : `${reason} (${failed} attempts failed)`);
  }
  return 'left';
}

/** A container that nobody follows must not go on spending; its work is collected when the task is claimed again. */
async function silenceContainer(task: Task, rooms: Rooms): Promise<void> {
  const last = rooms.queue.attempts(task.id).at(-1);
  if (task.state !== 'running' || last?.containerId == null) return;
  try {
    await rooms.engine.stop(last.containerId, { graceSeconds: 1 });
  } catch (error) {
    rooms.logger.warn({ task: task.id, reason: messageOf(error) }, 'the container could not be stopped');
  }
}

/** A fault of forge itself may be a passing one, so it gets a few tries as well; for ever would be a loop. */
const UNEXPLAINED_TRIES = 5;

function passesByItself(error: unknown, tries: number): boolean {
  if (isForgeError(error, 'unavailable', 'unauthorized')) return true;
  if (isForgeError(error, 'conflict', 'forbidden', 'not_found', 'invalid', 'settings', 'usage', 'limit'))
    return false;
  return tries < UNEXPLAINED_TRIES;
}

function describeFailure(error: unknown): string {
  return isForgeError(error) && error.next !== undefined
    ? `${error.message}. ${error.next}`
    : messageOf(error);
}
