import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isForgeError } from '../errors.ts';
import type { Sha } from '../task/ids.ts';
import { checkResult } from './check-result.ts';
import { failureOf, type Git, type GitCommand } from './git.ts';
import { isDiskFull, lastWords } from './git-failure.ts';
import { openHandedOver } from './handed-over-file.ts';
import type { Workspace } from './layout.ts';
import { MAX_ALLOCATION, MAX_OBJECTS, MAX_TIP_BYTES } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { findObject, updateRef } from './objects.ts';

export type ImportedResult =
  | { kind: 'changed'; sha: Sha }
  | { kind: 'unchanged' }
  /** The container died before it handed anything over. */
  | { kind: 'missing' }
  /** Never partly: nothing of it is in the mirror. */
  | { kind: 'rejected'; reason: string };

export interface Handover {
  mirror: Mirror;
  workspace: Workspace;
  startSha: Sha;
  /** The ref that keeps the result. */
  ref: string;
  /** Of the pack file. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

/**
 * Takes what the container left in `out`: `tip`, the id of a commit, and `pack`, the objects it needs beyond the
 * start. The objects wait in a quarantine until every check has passed; then they move into the mirror and the ref is
 * set. Safe to repeat after a crash at any point.
 */
export async function importResult(git: Git, handover: Handover): Promise<ImportedResult> {
  const { workspace, startSha } = handover;
  const tip = await readTip(join(workspace.out, 'tip'));
  if (tip.kind !== 'tip') return tip;
  if (tip.sha === startSha) return { kind: 'unchanged' };
  const quarantine = join(workspace.dir, 'incoming');
  await rm(quarantine, { recursive: true, force: true });
  await mkdir(join(quarantine, 'pack'), { recursive: true, mode: 0o700 });
  try {
    const reason = await receive(git, handover, tip.sha, quarantine);
    if (reason !== null) return { kind: 'rejected', reason };
    await keep(git, handover, tip.sha, quarantine);
    return { kind: 'changed', sha: tip.sha };
  } finally {
    await rm(quarantine, { recursive: true, force: true });
  }
}

type Tip = { kind: 'tip'; sha: Sha } | { kind: 'missing' } | { kind: 'rejected'; reason: string };

async function readTip(path: string): Promise<Tip> {
  const file = await openHandedOver(path, MAX_TIP_BYTES);
  if (file.kind === 'absent') return { kind: 'missing' };
  if (file.kind === 'refused') return { kind: 'rejected', reason: `out/tip ${file.reason}` };
  try {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(MAX_TIP_BYTES), 0, MAX_TIP_BYTES, 0);
    const text = buffer.toString('latin1', 0, bytesRead).trimEnd();
    // The mirrors are SHA-1 repositories, so no other id can name anything in them.
    if (/^[0-9a-f]{40}$/.test(text)) return { kind: 'tip', sha: text as Sha };
    return { kind: 'rejected', reason: 'out/tip does not hold the id of a commit' };
  } finally {
    await file.handle.close();
  }
}

/** Fills the quarantine and checks it; returns why the result is refused, or null. */
async function receive(git: Git, handover: Handover, tip: Sha, quarantine: string): Promise<string | null> {
  const { mirror, workspace, startSha, maxBytes, signal } = handover;
  const file = await openHandedOver(join(workspace.out, 'pack'), maxBytes);
  if (file.kind === 'absent') return 'out/tip names a commit, but there is no out/pack';
  if (file.kind === 'refused') return `out/pack ${file.reason}`;
  const env = {
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: mirror.objectsDir,
    GIT_ALLOC_LIMIT: MAX_ALLOCATION,
  };
  try {
    const count = await packedObjects(file.handle);
    if (count === null) return 'out/pack is not a pack file';
    if (count > MAX_OBJECTS) return `out/pack holds ${count} objects, and at most ${MAX_OBJECTS} are taken`;
    const command: GitCommand = {
      gitDir: mirror.gitDir,
      args: ['index-pack', '--stdin', '--strict', '--fix-thin', `--max-input-size=${maxBytes}`],
      env,
      // `end` is the last byte that is read: a file that still grows is cut there.
      stdin: file.handle.createReadStream({ start: 0, end: file.size - 1, autoClose: false }),
      signal,
    };
    const refusal = await refusalOf(git, command);
    return (
      refusal ??
      (await checkResult(git, { gitDir: mirror.gitDir, env, signal }, { startSha, tip, quarantine }))
    );
  } finally {
    await file.handle.close();
  }
}

/** The number of objects in the header of a pack, or null where there is no such header. */
async function packedObjects(file: {
  read: Awaited<ReturnType<typeof open>>['read'];
}): Promise<number | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
  return bytesRead === 12 && buffer.toString('latin1', 0, 4) === 'PACK' ? buffer.readUInt32BE(8) : null;
}

/** A pack that git does not take is the agent's fault, unless the failure is one that passes (a full disk). */
async function refusalOf(git: Git, command: GitCommand): Promise<string | null> {
  const result = await git.run(command).catch((error: unknown) => {
    if (isForgeError(error, 'unavailable') && 'deadlineMs' in error.data)
      return 'git took too long over the pack';
    throw error;
  });
  if (typeof result === 'string') return result;
  if (result.exitCode === 0) return null;
  if (isDiskFull(result.stderr)) throw failureOf(command, result);
  return `git does not take the pack: ${lastWords(result.stderr, [])}`;
}

/** Moves the checked pack into the mirror, its index last because that is what git looks for; then sets the ref. */
async function keep(git: Git, { mirror, ref }: Handover, tip: Sha, quarantine: string): Promise<void> {
  const target = join(mirror.objectsDir, 'pack');
  const files = (await readdir(join(quarantine, 'pack'))).sort(
    (a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx')),
  );
  await mkdir(target, { recursive: true });
  for (const name of files) await rename(join(quarantine, 'pack', name), join(target, name));
  await syncDirectory(target);
  const current = (await findObject(git, mirror.gitDir, ref))?.sha ?? null;
  if (current !== tip) await updateRef(git, mirror.gitDir, ref, tip, current);
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
