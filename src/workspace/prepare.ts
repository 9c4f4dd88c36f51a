import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Sha } from '../task/ids.ts';
import type { Git } from './git.ts';
import { handOver, type Owner } from './hand-over.ts';
import { IN_CONTAINER, type Workspace } from './layout.ts';
import { CHECKOUT_DEADLINE_MS } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { type BranchAt, writePrivateGitDir } from './private-git-dir.ts';
import { removeTree } from './remove-tree.ts';

export interface Preparation {
  mirror: Mirror;
  workspace: Workspace;
  startSha: Sha;
  /** The branch that the agent finds itself on. */
  branch: string;
  /** Shown to the agent as `origin/BRANCH`. */
  base: BranchAt | null;
  /** Who is to own it; null: the daemon's own user, who is the container's as well. */
  owner: Owner | null;
  signal?: AbortSignal | undefined;
}

/**
 * Checks the commit out into a fresh workspace and cuts it off from the mirror: what is left knows the mirror only as
 * a read-only store of objects. Removes what an earlier try left in the same place.
 */
export async function prepare(git: Git, preparation: Preparation): Promise<void> {
  const { mirror, workspace, startSha, branch, base, owner, signal } = preparation;
  await removeTree(workspace.dir);
  await makeDirectories(workspace);
  await git.do({
    gitDir: mirror.gitDir,
    args: [
      ...['-c', 'checkout.workers=0', '-c', 'checkout.thresholdForParallelism=1'],
      ...['worktree', 'add', '--quiet', '--detach', workspace.tree, startSha],
    ],
    deadlineMs: CHECKOUT_DEADLINE_MS,
    signal,
  });
  const index = await cutOff(workspace);
  await writePrivateGitDir(workspace.gitDir, { startSha, branch, base, index, owner });
  if (owner === null) return;
  await handOver([workspace.tree, workspace.gitDir, workspace.gitfile, workspace.out], owner);
}

async function makeDirectories(workspace: Workspace): Promise<void> {
  await mkdir(workspace.dir, { recursive: true, mode: 0o700 });
  for (const dir of [workspace.gitDir, workspace.out]) await mkdir(dir, { mode: 0o700 });
  await mkdir(workspace.run);
  // mkdir's mode passes through the umask; the container's user must get in here, and no further.
  await chmod(workspace.run, 0o755);
}

/** Takes the worktree's index and its entry out of the mirror; a gitfile for the container replaces git's own. */
async function cutOff(workspace: Workspace): Promise<Buffer> {
  const dotGit = join(workspace.tree, '.git');
  const admin = (await readFile(dotGit, 'utf8')).replace(/^gitdir: /, '').trimEnd();
  if (basename(dirname(admin)) !== 'worktrees') throw new Error(`git made a worktree at ${admin}`);
  const index = await readFile(join(admin, 'index'));
  await rm(admin, { recursive: true });
  await writeFile(workspace.gitfile, `gitdir: ${IN_CONTAINER.gitDir}\n`, { mode: 0o644 });
  await copyFile(workspace.gitfile, dotGit);
  return index;
}
