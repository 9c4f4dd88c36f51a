import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Sha } from '../../src/task/ids.ts';
import type { ImportedResult } from '../../src/workspace/import-result.ts';
import type { Workspace } from '../../src/workspace/layout.ts';
import type { Mirror } from '../../src/workspace/mirror.ts';
import { commitTo, type GitFixture, git, gitBytes, gitFixture, REPO } from './git-fixture.ts';

export const REF = 'refs/forge/tasks/task/1';

/** An attempt that is prepared, and whose agent is played by the test. */
export interface Attempt extends AsyncDisposable {
  fixture: GitFixture;
  mirror: Mirror;
  workspace: Workspace;
  start: Sha;
  importResult(): Promise<ImportedResult>;
}

export async function attempt(): Promise<Attempt> {
  const fixture = await gitFixture();
  commitTo(fixture.origin, 'trunk', { 'a.txt': 'a\n', 'dir/b.txt': 'b\n' });
  const start = commitTo(fixture.origin, 'trunk', { 'a.txt': 'aa\n' });
  const mirror = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  const workspace = await fixture.workspaces.prepare({
    mirror,
    attemptId: 'task-1',
    startSha: start,
    branch: 'work',
  });
  return {
    ...{ fixture, mirror, workspace, start },
    importResult: () =>
      fixture.workspaces.importResult({
        mirror,
        workspace,
        startSha: start,
        ref: REF,
        maxBytes: 20 * 1024 ** 2,
      }),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

/** A refusal must name its reason and leave the mirror as it was. */
export async function expectRejected(
  { mirror, importResult, fixture, workspace }: Attempt,
  reason: RegExp,
): Promise<void> {
  const before = readdirSync(mirror.objectsDir, { recursive: true }).sort();
  expect(await importResult()).toEqual({ kind: 'rejected', reason: expect.stringMatching(reason) });
  expect(readdirSync(mirror.objectsDir, { recursive: true }).sort()).toEqual(before);
  expect(await fixture.workspaces.refSha(mirror, REF)).toBeNull();
  expect(existsSync(join(workspace.dir, 'incoming'))).toBe(false);
}

/** Commits a tree made of `git mktree` lines, with what a porcelain command would refuse. */
export function commitTree({ workspace, start }: Attempt, lines: string): string {
  const tree = agentGit(workspace, ['mktree', '--missing'], lines);
  return agentGit(workspace, ['commit-tree', '-p', start, '-m', 'Odd', tree]);
}

/** Writes a blob into the agent's own objects; returns its id. */
export function blob({ workspace }: Attempt, content: string): string {
  return agentGit(workspace, ['hash-object', '-w', '--stdin'], content);
}

/** Leaves a pack of exactly these objects (or, with `--revs`, of what they reach) in `out`. */
export function writePack({ workspace }: Attempt, options: string[], names: string[]): void {
  const args = ['pack-objects', '--quiet', '--stdout', ...options];
  const pack = gitBytes(workspace.tree, args, agentEnvironment(workspace), `${names.join('\n')}\n`);
  writeFileSync(join(workspace.out, 'pack'), pack);
}

/** Git as the agent has it in its container, with the host's paths in place of the container's. */
export function agentGit(workspace: Workspace, args: string[], input: string | Buffer = ''): string {
  return git(workspace.tree, args, agentEnvironment(workspace), input);
}

export function agentEnvironment(workspace: Workspace): Record<string, string> {
  return {
    GIT_DIR: workspace.gitDir,
    GIT_WORK_TREE: workspace.tree,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: workspace.objectsDir,
  };
}

/** Writes files into the tree and commits all of it, as the agent would. */
export function agentCommit(workspace: Workspace, files: Record<string, string | Buffer>): Sha {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace.tree, path)), { recursive: true });
    writeFileSync(join(workspace.tree, path), content);
  }
  agentGit(workspace, ['add', '-A']);
  agentGit(workspace, ['commit', '--quiet', '-m', 'Do the work']);
  return agentGit(workspace, ['rev-parse', 'HEAD']) as Sha;
}

/** Leaves tip and pack in `out`, as the container's last act. */
export function handOverResult(
  workspace: Workspace,
  startSha: Sha,
  tip = agentGit(workspace, ['rev-parse', 'HEAD']),
) {
  const pack = gitBytes(
    workspace.tree,
    ['pack-objects', '--quiet', '--revs', '--thin', '--stdout'],
    agentEnvironment(workspace),
    `${tip}\n^${startSha}\n`,
  );
  writeFileSync(join(workspace.out, 'pack'), pack);
  writeFileSync(join(workspace.out, 'tip'), `${tip}\n`);
}
