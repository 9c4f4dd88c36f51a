import { mkdir, readdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { RepoName, Sha } from '../task/ids.ts';
import { type DiffStat, diff, diffStat } from './compare.ts';
import { Git } from './git.ts';
import type { Owner } from './hand-over.ts';
import { type Handover, type ImportedResult, importResult } from './import-result.ts';
import { attemptDir, attemptsDir, layOut, type Workspace } from './layout.ts';
import { fetchMirror, type Mirror, mirrorOf, openMirror, readFile, resolveBranch } from './mirror.ts';
import { findObject, isKept } from './objects.ts';
import { prepare } from './prepare.ts';
import type { BranchAt } from './private-git-dir.ts';
import { type Push, type PushResult, push, type RemoteBranch, remoteSha } from './push.ts';
import { removeTree } from './remove-tree.ts';
import { seedCommit } from './seed-commit.ts';
import { Turns } from './turns.ts';

export interface WorkspacesOptions {
  /** `FORGE_HOME`, absolute. */
  home: string;
  /** Asked before every network command; null: go without. */
  token: () => string | null;
  /** Who the container runs as. A daemon without root cannot give files away, so there it must be its own user. */
  containerUser: Owner;
  logger: Logger;
}

/** Everything forge does with git: mirrors, workspaces, the sealed import of results, and pushing them. */
export class Workspaces {
  readonly #home: string;
  readonly #git: Git;
  readonly #owner: Owner | null;
  readonly #logger: Logger;
  readonly #turns = new Turns();
  readonly #opened = new Map<RepoName, Promise<void>>();

  constructor({ home, token, containerUser, logger }: WorkspacesOptions) {
    this.#home = home;
    this.#git = new Git(home, token);
    this.#owner = process.getuid?.() === 0 ? containerUser : null;
    this.#logger = logger;
  }

  /** The repository's branches as they are now, cloned at first use. Callers for one repository take turns. */
  async fetchMirror(repo: RepoName, cloneUrl: string, signal?: AbortSignal): Promise<Mirror> {
    const mirror = this.mirror(repo);
    await this.#turns.take(repo, signal, async () => {
      await this.#open(mirror);
      const began = performance.now();
      await fetchMirror(this.#git, mirror, cloneUrl, signal);
      this.#logger.debug({ repo, ms: Math.round(performance.now() - began) }, 'fetched the mirror');
    });
    return mirror;
  }

  /** The mirror of a repository as it is on the disk, for work that a fetch would not help. */
  mirror(repo: RepoName): Mirror {
    return mirrorOf(this.#home, repo);
  }

  /** Null only for a repository without any branch; `not_found` where just this one is missing. */
  resolveBranch(mirror: Mirror, branch: string): Promise<Sha | null> {
    return resolveBranch(this.#git, mirror, branch);
  }

  async seedCommit(mirror: Mirror): Promise<Sha> {
    await this.#open(mirror);
    return await seedCommit(this.#git, mirror);
  }

  readFile(mirror: Mirror, sha: Sha, path: string): Promise<string | null> {
    return readFile(this.#git, mirror, sha, path);
  }

  /** What a full ref name (`refs/…`) of the mirror stands at. */
  async refSha(mirror: Mirror, ref: string): Promise<Sha | null> {
    return (await findObject(this.#git, mirror.gitDir, ref))?.sha ?? null;
  }

  /** A fresh workspace on `branch`, which begins at `startSha`. Replaces what is there under the same id. */
  async prepare(request: {
    mirror: Mirror;
    attemptId: string;
    startSha: Sha;
    branch: string;
    base?: BranchAt;
    signal?: AbortSignal;
  }): Promise<Workspace> {
    const { attemptId, base, ...rest } = request;
    const workspace = this.workspace(request.mirror, attemptId);
    await this.#open(request.mirror);
    await prepare(this.#git, { ...rest, workspace, base: base ?? null, owner: this.#owner });
    return workspace;
  }

  /** Where the workspace of an attempt is, or would be; touches nothing. */
  workspace(mirror: Mirror, attemptId: string): Workspace {
    return layOut(this.#home, attemptId, mirror);
  }

  /** The workspace of an attempt, if it is on the disk. */
  async find(mirror: Mirror, attemptId: string): Promise<Workspace | null> {
    return (await this.attemptDirs()).includes(attemptId) ? this.workspace(mirror, attemptId) : null;
  }

  /** Whether forge made this commit: an attempt's ref holds it. False for one that the mirror does not have. */
  isKept({ gitDir }: Mirror, sha: Sha): Promise<boolean> {
    return isKept(this.#git, gitDir, sha);
  }

  async importResult(handover: Handover): Promise<ImportedResult> {
    await this.#open(handover.mirror);
    return await importResult(this.#git, handover);
  }

  diffStat(mirror: Mirror, from: Sha, to: Sha): Promise<DiffStat> {
    return diffStat(this.#git, mirror, from, to);
  }

  diff(mirror: Mirror, from: Sha, to: Sha, maxBytes: number): Promise<string> {
    return diff(this.#git, mirror, from, to, maxBytes);
  }

  push(request: Push): Promise<PushResult> {
    return push(this.#git, request);
  }

  remoteSha(branch: RemoteBranch): Promise<Sha | null> {
    return remoteSha(this.#git, branch);
  }

  /** Removes everything of an attempt from the disk; its result stays in the mirror. */
  async remove(attemptId: string): Promise<void> {
    await removeTree(attemptDir(this.#home, attemptId));
  }

  /** The ids of all attempts that have a directory. */
  async attemptDirs(): Promise<string[]> {
    await mkdir(attemptsDir(this.#home), { recursive: true, mode: 0o700 });
    return await readdir(attemptsDir(this.#home));
  }

  /** Before forge's first write into a mirror, once per process: whatever a killed forge left in it is cleared away. */
  async #open(mirror: Mirror): Promise<void> {
    const opening = this.#opened.get(mirror.repo) ?? openMirror(this.#git, mirror);
    this.#opened.set(mirror.repo, opening);
    try {
      await opening;
    } catch (error) {
      this.#opened.delete(mirror.repo);
      throw error;
    }
  }
}
