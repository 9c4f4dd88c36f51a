import { parseSha, type Sha } from '../task/ids.ts';
import type { Git } from './git.ts';

export interface ObjectInfo {
  sha: Sha;
  type: string;
  /** Bytes, unpacked. */
  size: number;
}

/** What a full ref name or object id stands for in a repository; null when there is no such thing. */
export async function findObject(git: Git, gitDir: string, name: string): Promise<ObjectInfo | null> {
  return parseInfo((await git.ask(gitDir, ['cat-file', '--batch-check'], `${name}\n`)).trimEnd());
}

/** One line of `git cat-file --batch-check`. */
export function parseInfo(line: string): ObjectInfo | null {
  const match = /^([0-9a-f]+) (commit|tree|blob|tag) (\d+)$/.exec(line);
  if (match === null) return null;
  return { sha: parseSha(`${match[1]}`), type: `${match[2]}`, size: Number(match[3]) };
}

/** Throws `internal` where git did not take the update: `from` (null: absent) was not the ref's value. */
export async function updateRef(
  git: Git,
  gitDir: string,
  ref: string,
  to: Sha,
  from: Sha | null,
): Promise<void> {
  // Refs are not synced by default, and this one is the only thing that keeps an agent's work.
  const durable = ['-c', 'core.fsync=committed,loose-object'];
  await git.do({ gitDir, args: [...durable, 'update-ref', ref, to, from ?? '0'.repeat(to.length)] });
}

/** Whether some attempt's ref holds this commit. */
export async function isKept(git: Git, gitDir: string, sha: Sha): Promise<boolean> {
  if ((await findObject(git, gitDir, sha)) === null) return false;
  const refs = await git.ask(gitDir, ['for-each-ref', '--count=1', `--contains=${sha}`, 'refs/forge/tasks']);
  return refs !== '';
}
