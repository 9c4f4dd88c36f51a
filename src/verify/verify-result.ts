import { agentContainer } from '../container/agent-container.ts';
import type { ExecResult } from '../container/engine.ts';
import { containerBasics, type Rooms } from '../rooms.ts';
import { attemptId } from '../task/names.ts';
import type { Verification, VerifiedCommand } from '../task/outcome.ts';
import type { Attempt, Task } from '../task/task.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';

/** The end of a command's output that is kept; it goes into the pull request and, when red, into the next prompt. */
const OUTPUT_BYTES = 64 * 1024;

/**
 * Runs the repository's own set-up and verification commands over an attempt's result, in a fresh container and a
 * fresh checkout that no agent has written to. forge asks the engine for each exit code, so nothing the tests print
 * can pass for a verdict. All verification commands run, also after a red one; a red set-up ends it.
 */
export async function verifyResult(
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Verification> {
  if (task.state !== 'verifying') rooms.queue.startVerifying(task);
  const { setup, verify } = await repositoryConfigOf(task, attempt, rooms.workspaces);
  if (attempt.resultSha === null || verify.length === 0) return { status: 'none' };

  const name = `${attemptId(task.id, attempt.number)}-verify`;
  const workspace = await rooms.workspaces.prepare({
    mirror: rooms.workspaces.mirror(task.repo),
    attemptId: name,
    startSha: attempt.resultSha,
    branch: task.branch,
  });
  const containerId = await rooms.engine.create(
    agentContainer({ ...(await containerBasics(task, attempt, workspace, rooms)), role: 'verify', env: {} }),
  );
  try {
    await rooms.engine.start(containerId);
    const commands = [
      ...setup.map((command) => ({ command, stage: 'setup' as const })),
      ...verify.map((command) => ({ command, stage: 'verify' as const })),
    ];
    return await runCommands(commands, containerId, task, attempt, rooms, signal);
  } finally {
    await rooms.engine.remove(containerId);
    await rooms.workspaces.remove(name);
  }
}

async function runCommands(
  commands: readonly Pick<VerifiedCommand, 'command' | 'stage'>[],
  containerId: string,
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Verification> {
  const deadline = performance.now() + rooms.config.attemptMinutes * 60_000;
  const done: VerifiedCommand[] = [];
  for (const { command, stage } of commands) {
    signal.throwIfAborted();
    const timeoutMs = Math.max(1_000, Math.round(deadline - performance.now()));
    const result = await runCommand(command, containerId, timeoutMs, rooms, signal);
    done.push({ command, stage, ...result });
    rooms.events.append(task.id, attempt.number, {
      type: 'verify',
      text: `${command}: ${result.exitCode === null ? 'did not end in time' : `exit code ${result.exitCode}`}`,
      data: { command, stage, exitCode: result.exitCode, durationMs: result.durationMs },
    });
    if (stage === 'setup' && result.exitCode !== 0) break;
  }
  return { status: done.every((command) => command.exitCode === 0) ? 'green' : 'red', commands: done };
}

/** What is verified may end its own container; that is red, and no failure of the engine. */
async function runCommand(
  command: string,
  containerId: string,
  timeoutMs: number,
  { engine }: Rooms,
  signal: AbortSignal,
): Promise<ExecResult> {
  try {
    const request = { command: ['sh', '-c', command], timeoutMs, maxOutputBytes: OUTPUT_BYTES, signal };
    return await engine.exec(containerId, request);
  } catch (error) {
    if ((await engine.inspect(containerId))?.state !== 'exited') throw error;
    return { exitCode: null, output: 'the container ended before the command did', durationMs: 0 };
  }
}
