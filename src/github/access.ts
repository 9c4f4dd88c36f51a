import { type ForgeError, isForgeError } from '../errors.ts';
import type { RepoName } from '../task/ids.ts';
import type { GitHub } from './client.ts';
import type { Repository } from './records.ts';

export type Access =
  | { kind: 'ok'; repo: RepoName; repository: Repository }
  | { kind: 'failed'; repo: RepoName; error: ForgeError };

const AT_ONCE = 10;

/** Asks GitHub for each repository, in the order given, ten at a time. What fails is in the result, not thrown. */
export async function checkAccess(
  github: Pick<GitHub, 'repository'>,
  repos: readonly RepoName[],
  signal?: AbortSignal,
): Promise<Access[]> {
  const accesses: Access[] = [];
  for (let start = 0; start < repos.length; start += AT_ONCE) {
    const batch = repos.slice(start, start + AT_ONCE).map((repo) => accessTo(github, repo, signal));
    accesses.push(...(await Promise.all(batch)));
  }
  return accesses;
}

/** Why forge should not start at all: GitHub refuses the token, or no repository answers. null: it may. */
export function refusalToStart(accesses: readonly Access[]): ForgeError | null {
  const failures = accesses.flatMap((access) => (access.kind === 'failed' ? [access.error] : []));
  const tokenRefused = failures.find((error) => error.category === 'unauthorized');
  if (tokenRefused !== undefined) return tokenRefused;
  return failures.length === accesses.length ? (failures[0] ?? null) : null;
}

async function accessTo(
  github: Pick<GitHub, 'repository'>,
  repo: RepoName,
  signal?: AbortSignal,
): Promise<Access> {
  try {
    return { kind: 'ok', repo, repository: await github.repository(repo, signal) };
  } catch (error) {
    if (!isForgeError(error)) throw error;
    return { kind: 'failed', repo, error };
  }
}
