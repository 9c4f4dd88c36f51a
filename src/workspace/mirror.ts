import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ForgeError } from '../errors.ts';
import type { RepoName, Sha } from '../task/ids.ts';
import { requireBranchName } from './branch-name.ts';
import type { Git, GitCommand } from './git.ts';
import { FETCH_DEADLINE_MS, MAX_SETTINGS_BYTES } from './limits.ts';
import { findObject } from './objects.ts';
import { remoteUrl } from './remote-url.ts';
import { tidyMirror } from './tidy-mirror.ts';

/** forge's bare copy of a repository. Only the daemon ever writes into it, and its HEAD means nothing. */
export interface Mirror {
  repo: RepoName;
  gitDir: string;
  objectsDir: string;
}

/** Where a branch of the repository stands in the mirror; forge's own refs live under `refs/forge/`. */
export function trackingRef(branch: string): string {
  requireBranchName(branch);
  return `refs/remotes/origin/${branch}`;
}

export function mirrorOf(home: string, repo: RepoName): Mirror {
  const gitDir = join(home, 'repos', `${repo}.git`);
  return { repo, gitDir, objectsDir: join(gitDir, 'objects') };
}

/**
 * Makes the directory a usable bare repository: new, half-made by an earlier forge that was killed, or whole. Clears
 * away what such a forge left, so it must not run beside another operation on the same mirror.
 */
export async function openMirror(git: Git, mirror: Mirror): Promise<void> {
  await mkdir(mirror.gitDir, { recursive: true, mode: 0o700 });
  await tidyMirror(mirror.gitDir);
  await git.do({
    gitDir: mirror.gitDir,
    args: ['init', '--bare', '--quiet', '--template=', '--initial-branch=none'],
  });
}

/** Brings all branches up to date. Branches that are gone there go here too; tags are left where they are. */
export async function fetchMirror(
  git: Git,
  mirror: Mirror,
  cloneUrl: string,
  signal?: AbortSignal,
): Promise<void> {
  const url = remoteUrl(cloneUrl);
  const command: GitCommand = {
    gitDir: mirror.gitDir,
    args: [
      'fetch',
      '--quiet',
      '--prune',
      '--no-tags',
      '--no-auto-maintenance',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-show-forced-updates',
      url.href,
      '+refs/heads/*:refs/remotes/origin/*',
    ],
    deadlineMs: FETCH_DEADLINE_MS,
    signal,
  };
  const result = await git.runRemote(url, command);
  if (result.exitCode !== 0) throw git.remoteFailure(url, command, result);
}

/**
 * The tip of a branch as of the last fetch; null only when the repository has no branch at all. Throws `not_found`
 * when it has others, because a first commit must never be made up for such a repository.
 */
export async function resolveBranch(git: Git, mirror: Mirror, branch: string): Promise<Sha | null> {
  const found = await findObject(git, mirror.gitDir, trackingRef(branch));
  if (found !== null) return found.sha;
  const others = await git.ask(mirror.gitDir, ['for-each-ref', '--count=1', 'refs/remotes/origin']);
  if (others === '') return null;
  throw new ForgeError(`${mirror.repo} has no branch '${branch}'`, {
    category: 'not_found',
    service: 'git',
    next: 'Check the default branch of the repository',
  });
}

/**
 * A small text file of a commit, for forge to read as settings; null where there is none, or something else than a
 * plain file (a link is not followed). Throws `invalid` above `MAX_SETTINGS_BYTES`.
 */
export async function readFile(git: Git, mirror: Mirror, sha: Sha, path: string): Promise<string | null> {
  const entry = await git.ask(mirror.gitDir, ['ls-tree', '-z', '-l', sha, '--', path]);
  const match = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t/.exec(entry);
  if (match === null) return null;
  const [, blob, size] = match;
  if (Number(size) > MAX_SETTINGS_BYTES) {
    throw new ForgeError(
      `${path} of ${mirror.repo} has ${size} bytes; at most ${MAX_SETTINGS_BYTES} are read`,
      {
        category: 'invalid',
        service: 'git',
      },
    );
  }
  return await git.ask(mirror.gitDir, ['cat-file', 'blob', `${blob}`]);
}
