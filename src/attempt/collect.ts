import { agentContainer } from '../container/agent-container.ts';
import { containerBasics, type Rooms } from '../rooms.ts';
import type { Sha } from '../task/ids.ts';
import { attemptRef } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { ImportedResult } from '../workspace/import-result.ts';
import type { Workspace } from '../workspace/layout.ts';

const SALVAGE_DEADLINE_MS = 120_000;
/** What an agent may add to a repository in one attempt, packed; far more than a change that anyone can review. */
const MAX_PACK_BYTES = 256 * 1024 ** 2;

/**
 * Takes what an attempt left out of its ended container and keeps it under `refs/forge/`. Where the container died
 * before it could pack its work, or made a history that is refused, a throw-away one packs the files over the same
 * directories (salvage); host git never looks into them.
 */
export async function collectResult(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  rooms: Rooms,
): Promise<ImportedResult> {
  let result = await importPack(task, attempt, workspace, rooms);
  if (result.kind === 'missing') result = await salvage(task, attempt, workspace, false, rooms);
  if (result.kind === 'rejected') {
    rooms.events.append(task.id, attempt.number, { type: 'git', text: describeImport(result) });
    result = await salvage(task, attempt, workspace, true, rooms);
  }
  if (result.kind === 'changed' && (await isEmptyChange(task, attempt, result.sha, rooms))) {
    result = { kind: 'unchanged' };
  }
  rooms.events.append(task.id, attempt.number, { type: 'git', text: describeImport(result) });
  return result;
}

/** Commits that change nothing are no result. */
async function isEmptyChange(
  task: Task,
  attempt: Attempt,
  sha: Sha,
  { workspaces }: Rooms,
): Promise<boolean> {
  const { files } = await workspaces.diffStat(workspaces.mirror(task.repo), attempt.startSha, sha);
  return files.length === 0;
}

async function salvage(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  squash: boolean,
  rooms: Rooms,
): Promise<ImportedResult> {
  const basics = await containerBasics(task, attempt, workspace, rooms);
  const containerId = await rooms.engine.create(
    agentContainer({ ...basics, role: 'salvage', squash, env: {} }),
  );
  try {
    await rooms.engine.start(containerId);
    await rooms.engine.wait(containerId, AbortSignal.timeout(SALVAGE_DEADLINE_MS));
  } finally {
    await rooms.engine.remove(containerId);
  }
  return importPack(task, attempt, workspace, rooms);
}

function importPack(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  rooms: Rooms,
): Promise<ImportedResult> {
  return rooms.workspaces.importResult({
    mirror: rooms.workspaces.mirror(task.repo),
    workspace,
    startSha: attempt.startSha,
    ref: attemptRef(task.id, attempt.number),
    maxBytes: MAX_PACK_BYTES,
  });
}

function describeImport(imported: ImportedResult): string {
  switch (imported.kind) {
    case 'changed':
      return `the result is commit ${imported.sha}`;
    case 'unchanged':
      return 'the workspace holds no change';
    case 'missing':
      return 'no result could be collected';
    case 'rejected':
      return `the result was refused: ${imported.reason}`;
  }
}
