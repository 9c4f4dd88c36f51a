import { publishResult } from '../pull-request/publish.ts';
import type { Rooms } from '../rooms.ts';
import type { Verification } from '../task/outcome.ts';
import type { Attempt, Task } from '../task/task.ts';
import { verifyResult } from '../verify/verify-result.ts';
import { beginAttempt } from './begin.ts';
import { discardAttempt, removeWorkspace, tidied } from './discard.ts';
import { interruptionOf } from './interruption.ts';
import { planStep, type Step } from './plan.ts';
import { prepareContainer } from './prepare-container.ts';
import { type Settled, settleAttempt, settleVerification } from './settle.ts';
import { settleFailure, settleInterruption } from './settle-failure.ts';
import { whyUnwanted } from './still-wanted.ts';
import { watchAgent } from './watch-agent.ts';

/**
 * Tells the story of a claimed task from wherever it stands to the next state in which nobody works on it: in review,
 * queued again, waiting, or ended. Never throws: whatever goes wrong becomes a move with a reason. When `signal`
 * aborts, its reason (an `Interruption`) decides whether the container is paused or stopped.
 */
export async function runAttempt(claimed: Task, rooms: Rooms, signal: AbortSignal): Promise<void> {
  try {
    let settled: Settled = 'go_on';
    while (settled === 'go_on') {
      signal.throwIfAborted();
      const task = rooms.queue.require(claimed.id);
      const step = planStep(rooms.queue.attempts(task.id));
      const unwanted = step.do === 'begin' || step.do === 'publish' ? await whyUnwanted(task, rooms) : null;
      settled =
        unwanted === null ? await takeStep(step, task, rooms, signal) : dropTask(task, unwanted, rooms);
    }
  } catch (error) {
    const interruption = interruptionOf(signal);
    if (interruption === null) await settleFailure(claimed, error, rooms);
    else await settleInterruption(claimed, interruption, rooms);
  }
}

function dropTask(task: Task, reason: string, { queue }: Rooms): Settled {
  queue.cancel(task, reason);
  return 'left';
}

async function takeStep(step: Step, task: Task, rooms: Rooms, signal: AbortSignal): Promise<Settled> {
  switch (step.do) {
    case 'begin':
      return startAgent(task, await beginAttempt(task, step, rooms, signal), rooms, signal);
    case 'prepare':
      // What an interrupted try left under the same names.
      await discardAttempt(task, step.attempt, rooms);
      return startAgent(task, step.attempt, rooms, signal);
    case 'watch':
      return followAgent(task, step.attempt, rooms, signal);
    case 'verify':
      return settleVerification(task, step.attempt, await verify(task, step.attempt, rooms, signal), rooms);
    case 'publish':
    case 'close':
      return publishResult(task, step.attempt, rooms);
  }
}

/** A fresh workspace and container for an attempt that is on record, and the agent set to work in it. */
async function startAgent(task: Task, attempt: Attempt, rooms: Rooms, signal: AbortSignal): Promise<Settled> {
  const prepared = await prepareContainer(task, attempt, rooms, signal);
  return followAgent(task, prepared, rooms, signal);
}

/** The agent at work, until its outcome is on record; `left` when forge stops and the container waits, paused. */
async function followAgent(
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Settled> {
  const running = task.state === 'running' ? task : rooms.queue.startRunning(task);
  const ended = await watchAgent(running, attempt, rooms, signal);
  return ended === 'paused' ? 'left' : settleAttempt(running, attempt, ended, rooms);
}

/** Meanwhile the agent's workspace goes: it may be large, and verification has a checkout of its own. */
async function verify(
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Verification> {
  const removed = tidied(task, removeWorkspace(task, attempt, rooms), rooms);
  try {
    return await verifyResult(task, attempt, rooms, signal);
  } finally {
    await removed;
  }
}
