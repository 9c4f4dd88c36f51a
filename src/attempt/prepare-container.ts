import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RepositoryConfig } from '../config/repository-config.ts';
import { agentContainer } from '../container/agent-container.ts';
import { containerBasics, type Rooms } from '../rooms.ts';
import { attemptId } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { Workspace } from '../workspace/layout.ts';
import { repositoryConfigOf } from '../workspace/repository-config.ts';
import { orAbort } from './interruption.ts';
import { buildPrompt } from './prompt.ts';

/** Lays out the workspace and creates (not starts) the agent's container, whose name must be free. */
export async function prepareContainer(
  task: Task,
  attempt: Attempt,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<Attempt> {
  const repositoryConfig = await repositoryConfigOf(task, attempt, rooms.workspaces);
  const workspace = await rooms.workspaces.prepare({
    mirror: rooms.workspaces.mirror(task.repo),
    attemptId: attemptId(task.id, attempt.number),
    startSha: attempt.startSha,
    branch: task.branch,
    signal,
  });
  const modelKey = await layOutRunFiles(task, attempt, workspace, repositoryConfig, rooms);
  const launch = rooms.agentAdapter(task.agent).launch({
    model: rooms.config.model,
    attemptMinutes: rooms.config.attemptMinutes,
    agentCommand: rooms.config.agentCommand,
    dummyKey: modelKey,
  });
  const ready = containerBasics(task, attempt, workspace, rooms);
  const basics = await orAbort(tellIfSlow(ready, task, attempt, rooms), signal);
  const containerId = await rooms.engine.create(agentContainer({ ...basics, role: 'agent', ...launch }));
  rooms.queue.recordContainer(task, attempt.number, containerId);
  return { ...attempt, containerId };
}

/** The first build of the image takes minutes, so the task's log says what it waits for. */
async function tellIfSlow<T>(ready: Promise<T>, task: Task, attempt: Attempt, rooms: Rooms): Promise<T> {
  const slow = Symbol('slow');
  if ((await Promise.race([ready, delay(SLOW_MS, slow, { ref: false })])) === slow) {
    const text = 'waiting for the image to be built; logs/daemon.log shows how far it is';
    rooms.events.append(task.id, attempt.number, { type: 'system', text });
  }
  return ready;
}

/** The key by which the gateway knows this attempt's container; kept beside the workspace, where no container sees it. */
export function readModelKey(workspace: Workspace): Promise<string> {
  return readFile(join(workspace.dir, MODEL_KEY), 'utf8');
}

const MODEL_KEY = 'model-key';
/** Runs before the agent; there only if the repository has set-up commands. See `agent/entrypoint.sh`. */
export const SETUP_SCRIPT = 'setup.sh';
const SLOW_MS = 2_000;

async function layOutRunFiles(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  repositoryConfig: RepositoryConfig,
  rooms: Rooms,
): Promise<string> {
  const before = rooms.queue.attempts(task.id).find((earlier) => earlier.resultSha === attempt.startSha);
  const prompt = await buildPrompt({
    task,
    attempt,
    repositoryConfig,
    evidence: rooms.queue.evidence(task.id),
    failedChecks: before?.verification ?? null,
  });
  const modelKey = `forge-${randomBytes(24).toString('hex')}`;
  await writeFile(join(workspace.run, 'prompt.txt'), prompt, { mode: 0o644 });
  await writeFile(join(workspace.dir, MODEL_KEY), modelKey, { mode: 0o600 });
  if (repositoryConfig.setup.length > 0) {
    await writeFile(join(workspace.run, SETUP_SCRIPT), setupScript(repositoryConfig.setup), { mode: 0o644 });
  }
  return modelKey;
}

/** Each command in a shell of its own, so that a `cd` or `set` of one does not change the next; the first red one ends it. */
function setupScript(commands: readonly string[]): string {
  return `${commands.map((command) => `sh -c '${command.replaceAll("'", "'\\''")}' || exit`).join('\n')}\n`;
}
