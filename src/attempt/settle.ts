import type { Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import { describeOutcome, type Outcome, type Verification } from '../task/outcome.ts';
import { backoff, mayRetry } from '../task/retry-policy.ts';
import type { Attempt, Task } from '../task/task.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';
import { removeContainers, removeWorkspace, tidied } from './discard.ts';
import type { Interruption } from './interruption.ts';
import { planStep } from './plan.ts';

/** `go_on`: the plan has a next step for us. `left`: the task has moved to where nobody works on it. */
export type Settled = 'go_on' | 'left';

/** What an attempt came to, and the commit that holds what it left (also where it failed). */
export interface Ended {
  outcome: Outcome;
  resultSha: Sha | null;
  /** What the agent itself says it cost; null where it does not know. */
  usd: number | null;
  /** Set when a person or a stop ended it, not the agent. */
  interruption?: Interruption;
}

/**
 * Puts an ended attempt on record together with the move that follows from its outcome, then removes its remains. Only
 * in this order can forge die in between without the work passing for lost.
 */
export async function settleAttempt(
  task: Task,
  attempt: Attempt,
  ended: Ended,
  rooms: Rooms,
): Promise<Settled> {
  const { queue } = rooms;
  // Read before the transaction, which cannot wait for git.
  const maxAttempts = hasFailed(ended.outcome) ? await attemptLimit(task, attempt, rooms) : 0;
  const settled = queue.atomically(() => {
    if (ended.usd !== null) {
      queue.addUsage(task.id, attempt.number, { inputTokens: 0, outputTokens: 0, usd: ended.usd });
    }
    queue.finishAttempt(task, attempt.number, ended);
    return moveOn(task, attempt, ended, maxAttempts, rooms);
  });
  await tidied(task, removeContainers(task, attempt, rooms), rooms);
  // A result's is removed while it is verified.
  if (ended.outcome.kind !== 'changed') await tidied(task, removeWorkspace(task, attempt, rooms), rooms);
  return settled;
}

/** Red for the first time: back to the agent, at the next free slot. Otherwise on to publishing. */
export function settleVerification(
  task: Task,
  attempt: Attempt,
  verification: Verification,
  { queue, clock }: Rooms,
): Settled {
  return queue.atomically(() => {
    queue.recordVerification(task, attempt.number, verification);
    if (planStep(queue.attempts(task.id)).do === 'publish') return 'go_on';
    queue.retryLater(task, {
      reason: 'the checks failed: the agent gets their output once',
      wakeAt: clock.now(),
    });
    return 'left';
  });
}

function moveOn(task: Task, attempt: Attempt, ended: Ended, maxAttempts: number, rooms: Rooms): Settled {
  const { queue, clock } = rooms;
  switch (ended.outcome.kind) {
    case 'changed':
      queue.startVerifying(task);
      return 'go_on';
    case 'no_changes':
      queue.startPublishing(task);
      return 'go_on';
    case 'cancelled':
      if (ended.interruption?.kind === 'cancel') queue.cancel(task, ended.interruption.reason);
      else queue.retryLater(task, { reason: 'forge was stopped', wakeAt: clock.now() });
      return 'left';
    default:
      return moveAfterFailure(task, attempt, ended.outcome, maxAttempts, rooms);
  }
}

/** A failed revision costs nothing more: the result that it was to mend is published as it is. */
function moveAfterFailure(
  task: Task,
  attempt: Attempt,
  outcome: Outcome,
  maxAttempts: number,
  { queue, clock }: Rooms,
): Settled {
  if (attempt.kind === 'revise') {
    queue.startPublishing(task);
    return 'go_on';
  }
  const failed = queue
    .attempts(task.id)
    .filter((earlier) => earlier.kind === attempt.kind && earlier.outcome?.kind !== 'cancelled').length;
  const reason = describeOutcome(outcome);
  if (mayRetry(outcome, failed, maxAttempts)) {
    queue.retryLater(task, { reason, wakeAt: clock.now() + backoff(failed, Math.random) });
  } else {
    queue.fail(task, failed === 1 ? reason : `${reason} (${failed} attempts failed)`);
  }
  return 'left';
}

function hasFailed({ kind }: Outcome): boolean {
  return kind !== 'changed' && kind !== 'no_changes' && kind !== 'cancelled';
}

/** A repository may ask for fewer than the operator allows, never for more. */
async function attemptLimit(task: Task, attempt: Attempt, { config, workspaces }: Rooms): Promise<number> {
  const { maxAttempts } = await repositoryConfigOf(task, attempt, workspaces);
  return Math.min(maxAttempts ?? config.maxAttempts, config.maxAttempts);
}
