import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerExit } from '../container/engine.ts';
import type { Rooms } from '../rooms.ts';
import { attemptId } from '../task/names.ts';
import type { Outcome } from '../task/outcome.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { Workspace } from '../workspace/layout.ts';
import { AttemptClocks } from './attempt-clocks.ts';
import { serveGateway } from './attempt-gateway.ts';
import { type AgentEnd, classifyAttempt } from './classify.ts';
import { collectResult } from './collect.ts';
import { type Interruption, interruptionOf, whenInterrupted } from './interruption.ts';
import { OutputRecorder } from './output-recorder.ts';
import { SETUP_SCRIPT } from './prepare-container.ts';
import type { Ended } from './settle.ts';

/** What an agent may print in one attempt; more is a program run wild, and the engine keeps all of it on disk. */
const OUTPUT_LIMIT_BYTES = 256 * 1024 ** 2;
/** How long a stopped agent has to end, and the entrypoint to pack its work, before it is killed. */
const STOP_GRACE_SECONDS = 10;

/**
 * Follows a container from before its start, or from wherever it is when forge was started anew, to its end: records
 * its output, serves its gateway, and keeps forge's own clocks. Then its work is collected; its remains stay until the
 * outcome is on record. `paused`: forge is being stopped, and the container waits for the next start.
 */
export async function watchAgent(
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Ended | 'paused'> {
  const mirror = rooms.workspaces.mirror(task.repo);
  const workspace = await rooms.workspaces.find(mirror, attemptId(task.id, attempt.number));
  if (workspace === null) return { outcome: lost('its workspace is gone'), resultSha: null, usd: null };
  const container = attempt.containerId === null ? null : await rooms.engine.inspect(attempt.containerId);
  const end: AgentEnd | 'paused' =
    container === null
      ? { cause: 'lost', message: 'the engine does not know it any more' }
      : await follow(task, attempt, workspace, container.id, rooms, signal);
  if (end === 'paused') return 'paused';

  const imported = await collectResult(task, attempt, workspace, rooms);
  const interruption = interruptionOf(signal);
  return {
    outcome: classifyAttempt(end, imported, {
      ...rooms.config,
      outputBytes: OUTPUT_LIMIT_BYTES,
      hasSetup: existsSync(join(workspace.run, SETUP_SCRIPT)),
    }),
    resultSha: imported.kind === 'changed' ? imported.sha : null,
    usd: end.cause === 'exited' ? end.result.usd : null,
    ...(interruption === null ? {} : { interruption }),
  };
}

function lost(message: string): Outcome {
  return { kind: 'container_lost', message };
}

async function follow(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  containerId: string,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<AgentEnd | 'paused'> {
  const { engine } = rooms;
  const detach = new AbortController();
  const clocks = new AttemptClocks();
  const recorder = new OutputRecorder(task, attempt, rooms, OUTPUT_LIMIT_BYTES, () => clocks.touch());
  let recorded: Promise<void> = Promise.resolve();
  const gateway = await serveGateway(task, attempt, workspace, rooms, () => clocks.touch());
  try {
    recorded = recorder.record(await engine.output(containerId, { signal: detach.signal }));
    // What goes wrong with it comes out of the race below, and has an owner until then.
    recorded.catch(() => {});
    const elapsedMs = await letRun(task, attempt, containerId, rooms);
    const cause = await Promise.race([
      engine.wait(containerId, detach.signal).then((exit) => ({ cause: 'exited' as const, exit })),
      clocks.runOut({ ...rooms.config, elapsedMs }, detach.signal).then((cause) => ({ cause })),
      recorder.tooMuch.then(() => ({ cause: 'output_limit' as const })),
      whenInterrupted(signal).then((interruption) => ({ cause: 'interrupted' as const, interruption })),
      recorded.then(() => new Promise<never>(() => {})),
    ]);
    return await conclude(cause, { task, attempt, containerId, recorder, recorded, rooms });
  } finally {
    detach.abort();
    await Promise.allSettled([recorded]);
    await gateway.close();
  }
}

/** Starts a new container or wakes a paused one; answers how long the agent has been at work before, in ms. */
async function letRun(task: Task, attempt: Attempt, containerId: string, rooms: Rooms): Promise<number> {
  const { engine, queue, clock } = rooms;
  if (attempt.startedAt === null) {
    // Noted first: a forge that dies in between finds a container to start, not a running one that it must not trust.
    queue.recordStart(task, attempt.number, clock.now());
    await engine.start(containerId);
    return 0;
  }
  const container = await engine.inspect(containerId);
  const pausedMs = queue.recordResume(task, attempt.number, clock.now());
  if (container?.state === 'created') await engine.start(containerId);
  if (container?.state === 'paused') await engine.unpause(containerId);
  // It may have ended long before anybody looked, and in good time.
  if (container?.state === 'exited') return 0;
  return clock.now() - attempt.startedAt - pausedMs;
}

type Cause =
  | { cause: 'exited'; exit: ContainerExit }
  | { cause: 'timed_out' | 'stalled' | 'output_limit' }
  | { cause: 'interrupted'; interruption: Interruption };

interface Followed {
  task: Task;
  attempt: Attempt;
  containerId: string;
  recorder: OutputRecorder;
  recorded: Promise<void>;
  rooms: Rooms;
}

async function conclude(cause: Cause, followed: Followed): Promise<AgentEnd | 'paused'> {
  const { task, attempt, containerId, recorder, recorded, rooms } = followed;
  if (cause.cause === 'interrupted' && cause.interruption.kind === 'drain') {
    rooms.queue.recordPause(task, attempt.number, rooms.clock.now());
    await rooms.engine.pause(containerId);
    return 'paused';
  }
  if (cause.cause !== 'exited') await rooms.engine.stop(containerId, { graceSeconds: STOP_GRACE_SECONDS });
  await recorded;
  switch (cause.cause) {
    case 'exited':
      return { ...cause, result: recorder.finish(cause.exit.exitCode) };
    case 'interrupted':
      return { cause: 'cancelled' };
    default:
      return { cause: cause.cause };
  }
}
