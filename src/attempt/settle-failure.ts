import { isForgeError, messageOf } from '../errors.ts';
import type { Rooms } from '../rooms.ts';
import { backoff } from '../task/retry-policy.ts';
import { isActive } from '../task/state.ts';
import type { Task } from '../task/task.ts';
import { closeAttempt } from './close-attempt.ts';
import type { Interruption } from './interruption.ts';

/** A fault of forge itself may be a passing one, so it gets a few tries as well; for ever would be a loop. */
const UNEXPLAINED_TRIES = 5;

/**
 * Something forge depends on failed, not the agent: no attempt is lost. What passes by itself is tried again later,
 * with the container paused until then; what needs a person ends the task with the reason and the next step.
 */
export async function settleFailure(claimed: Task, error: unknown, rooms: Rooms): Promise<void> {
  const { queue, clock, logger } = rooms;
  logger.warn({ task: claimed.id, err: error }, 'the attempt was interrupted by a failure');
  try {
    const task = queue.require(claimed.id);
    // Somebody else has moved it on, and that is what failed.
    if (!isActive(task.state) || task.generation !== claimed.generation) return;
    const reason = describeFailure(error);
    if (passesByItself(error, task.generation)) {
      await pauseContainer(task, rooms);
      const retryAt = (isForgeError(error) ? error.retryAt : undefined) ?? 0;
      queue.retryLater(task, {
        reason,
        wakeAt: Math.max(retryAt, clock.now() + backoff(task.generation, Math.random)),
      });
      return;
    }
    await closeAttempt(task, rooms);
    if (isConflict(error)) queue.wait(task, { reason, wakeAt: null });
    else queue.fail(task, reason);
  } catch (secondary) {
    logger.error({ task: claimed.id, err: secondary }, 'a failure could not be put on record');
  }
}

/** A story that was interrupted outside the agent's own time. A stopped forge goes on with it at its next start. */
export async function settleInterruption(
  claimed: Task,
  interruption: Interruption,
  rooms: Rooms,
): Promise<void> {
  if (interruption.kind !== 'cancel') return;
  try {
    await closeAttempt(claimed, rooms);
    rooms.queue.cancel(claimed, interruption.reason);
  } catch (error) {
    rooms.logger.error({ task: claimed.id, err: error }, 'a cancellation could not be put on record');
  }
}

/** A container that nobody follows must not go on spending; whoever claims the task next wakes it. */
async function pauseContainer(task: Task, { engine, queue, clock, logger }: Rooms): Promise<void> {
  const last = queue.attempts(task.id).at(-1);
  if (last === undefined || last.outcome !== null || last.startedAt === null || last.containerId === null)
    return;
  try {
    queue.recordPause(task, last.number, clock.now());
    await engine.pause(last.containerId);
  } catch (error) {
    logger.warn({ task: task.id, reason: messageOf(error) }, 'the container could not be paused');
  }
}

function passesByItself(error: unknown, tries: number): boolean {
  if (isForgeError(error, 'unavailable', 'unauthorized')) return true;
  if (isConflict(error)) return false;
  if (isForgeError(error, 'forbidden', 'not_found', 'invalid', 'settings', 'usage', 'limit')) return false;
  return tries < UNEXPLAINED_TRIES;
}

/** Other people's commits stand in the way; the engine's conflicts are its own affair, and pass. */
function isConflict(error: unknown): boolean {
  return isForgeError(error, 'conflict') && error.service === 'git';
}

function describeFailure(error: unknown): string {
  return isForgeError(error) && error.next !== undefined
    ? `${error.message}. ${error.next}`
    : messageOf(error);
}
