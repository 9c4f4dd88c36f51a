import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  agentCommit,
  agentEnvironment,
  agentGit,
  commitTo,
  type GitFixture,
  git,
  gitBytes,
  gitFixture,
  handOverResult,
  openWorkspaces,
  REPO,
} from '../../test/support/git-fixture.ts';
import type { Sha } from '../task/ids.ts';
import type { ImportedResult } from './import-result.ts';
import type { Workspace } from './layout.ts';
import type { Mirror } from './mirror.ts';

const REF = 'refs/forge/tasks/task/1';

interface Attempt extends AsyncDisposable {
  fixture: GitFixture;
  mirror: Mirror;
  workspace: Workspace;
  start: Sha;
  importResult(): Promise<ImportedResult>;
}

async function attempt(): Promise<Attempt> {
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
async function expectRejected(
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
function commitTree({ workspace, start }: Attempt, lines: string): string {
  const tree = agentGit(workspace, ['mktree', '--missing'], lines);
  return agentGit(workspace, ['commit-tree', '-p', start, '-m', 'Odd', tree]);
}

function blob({ workspace }: Attempt, content: string): string {
  return agentGit(workspace, ['hash-object', '-w', '--stdin'], content);
}

function writePack({ workspace }: Attempt, options: string[], names: string[]): void {
  const args = ['pack-objects', '--quiet', '--stdout', ...options];
  const pack = gitBytes(workspace.tree, args, agentEnvironment(workspace), `${names.join('\n')}\n`);
  writeFileSync(join(workspace.out, 'pack'), pack);
}

describe('what is taken', () => {
  test('new commits arrive whole under the ref, also when asked twice and after a crash in between', async () => {
    await using a = await attempt();
    const tip = agentCommit(a.workspace, { 'a.txt': 'aaa\n', 'ü/c.txt': 'c\n' });
    handOverResult(a.workspace, a.start);
    expect(await a.importResult()).toEqual({ kind: 'changed', sha: tip });
    expect(await a.fixture.workspaces.refSha(a.mirror, REF)).toBe(tip);
    expect(git(a.mirror.gitDir, ['fsck', '--strict', '--connectivity-only'])).not.toMatch(/missing|error/);
    // The pack has arrived, the ref was not set, the quarantine is still there.
    git(a.mirror.gitDir, ['update-ref', '-d', REF]);
    mkdirSync(join(a.workspace.dir, 'incoming/pack'), { recursive: true });
    writeFileSync(join(a.workspace.dir, 'incoming/pack/tmp_pack_x'), 'half');
    expect(await a.importResult()).toEqual({ kind: 'changed', sha: tip });
    expect(await a.importResult()).toEqual({ kind: 'changed', sha: tip });
    expect(await a.fixture.workspaces.refSha(a.mirror, REF)).toBe(tip);
    const { workspaces } = a.fixture;
    expect(await workspaces.diffStat(a.mirror, a.start, tip)).toEqual({
      files: [
        { path: 'a.txt', added: 1, removed: 1 },
        { path: 'ü/c.txt', added: 1, removed: 0 },
      ],
      truncated: false,
    });
  });

  test('a salvaged later result takes the place of an earlier one', async () => {
    await using a = await attempt();
    agentCommit(a.workspace, { 'a.txt': 'one\n' });
    handOverResult(a.workspace, a.start);
    await a.importResult();
    const tip = agentCommit(a.workspace, { 'a.txt': 'two\n' });
    handOverResult(a.workspace, a.start);
    expect(await a.importResult()).toEqual({ kind: 'changed', sha: tip });
    expect(await a.fixture.workspaces.refSha(a.mirror, REF)).toBe(tip);
  });

  test('a result stays when the attempt is removed, and is there after a restart', async () => {
    await using a = await attempt();
    const tip = agentCommit(a.workspace, { 'a.txt': 'kept\n' });
    handOverResult(a.workspace, a.start);
    await a.importResult();
    await a.fixture.workspaces.remove('task-1');
    const workspaces = openWorkspaces(a.fixture.home);
    await workspaces.fetchMirror(REPO, a.fixture.cloneUrl);
    expect(await workspaces.refSha(a.mirror, REF)).toBe(tip);
    expect(await workspaces.readFile(a.mirror, tip, 'a.txt')).toBe('kept\n');
  });

  test('a merge of what others pushed meanwhile, submodules and all, counts only for what it adds', async () => {
    await using a = await attempt();
    const theirs = commitTo(a.fixture.origin, 'trunk', {
      '.gitmodules': '[submodule "s"]\n',
      'theirs.txt': 't\n',
    });
    await a.fixture.workspaces.fetchMirror(REPO, a.fixture.cloneUrl);
    agentCommit(a.workspace, { 'mine.txt': 'm\n' });
    agentGit(a.workspace, ['merge', '--quiet', '-m', 'Merge', theirs]);
    const tip = agentGit(a.workspace, ['rev-parse', 'HEAD']);
    handOverResult(a.workspace, a.start);
    expect(await a.importResult()).toEqual({ kind: 'changed', sha: tip });
  });

  test('no commit is unchanged; no tip is missing', async () => {
    await using a = await attempt();
    expect(await a.importResult()).toEqual({ kind: 'missing' });
    writeFileSync(join(a.workspace.out, 'tip'), `${a.start}\n`);
    expect(await a.importResult()).toEqual({ kind: 'unchanged' });
  });
});

describe('what is refused as a file', () => {
  test('a tip without a pack', async () => {
    await using a = await attempt();
    writeFileSync(join(a.workspace.out, 'tip'), 'a'.repeat(40));
    await expectRejected(a, /there is no out\/pack/);
  });

  test('a tip that holds anything but an object id', async () => {
    await using a = await attempt();
    for (const tip of ['', 'main', 'HEAD', '-x', 'A'.repeat(40), 'a'.repeat(41), 'a'.repeat(64)]) {
      writeFileSync(join(a.workspace.out, 'tip'), tip);
      await expectRejected(a, /^out\/tip does not hold the id of a commit$/);
    }
    writeFileSync(join(a.workspace.out, 'tip'), 'a'.repeat(1000));
    await expectRejected(a, /^out\/tip has 1000 bytes/);
  });

  test('a link, a second name, a directory, a pipe, an empty file', async () => {
    await using a = await attempt();
    agentCommit(a.workspace, { 'c.txt': 'c\n' });
    handOverResult(a.workspace, a.start);
    const pack = join(a.workspace.out, 'pack');
    const secret = join(a.fixture.home, 'secret');
    writeFileSync(secret, 'PACK of secrets');
    rmSync(pack);
    symlinkSync(secret, pack);
    await expectRejected(a, /out\/pack is a symbolic link/);
    rmSync(pack);
    linkSync(secret, pack);
    await expectRejected(a, /out\/pack has another name elsewhere/);
    rmSync(pack);
    mkdirSync(pack);
    await expectRejected(a, /out\/pack is not a regular file/);
    rmSync(pack, { recursive: true });
    execFileSync('mkfifo', [pack]);
    await expectRejected(a, /out\/pack is not a regular file/);
    rmSync(pack);
    writeFileSync(pack, '');
    await expectRejected(a, /out\/pack is not a pack file/);
    const tip = join(a.workspace.out, 'tip');
    rmSync(tip);
    symlinkSync(secret, tip);
    await expectRejected(a, /out\/tip is a symbolic link/);
  });

  test('a pack over the limit, sparse or not; one that claims ever so many objects; one cut short', async () => {
    await using a = await attempt();
    agentCommit(a.workspace, { 'c.txt': 'c\n' });
    handOverResult(a.workspace, a.start);
    const pack = join(a.workspace.out, 'pack');
    truncateSync(pack, 60);
    await expectRejected(a, /git does not take the pack/);
    truncateSync(pack, 20 * 1024 ** 3);
    await expectRejected(a, /out\/pack has 21474836480 bytes, and at most 20971520 are taken/);
    writeFileSync(pack, Buffer.from('5041434b00000002ffffffff', 'hex'));
    await expectRejected(a, /holds 4294967295 objects/);
  });
});

describe('what is refused as objects', () => {
  test.each([
    ['.git', /hasDotgit/],
    ['..', /hasDotdot/],
    ['.GIT', /hasDotgit/],
  ])('a tree with an entry %s', async (name, reason) => {
    await using a = await attempt();
    const id = blob(a, 'x');
    // mktree refuses such names, so the tree is written byte by byte.
    const bytes = Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(id, 'hex')]);
    writeFileSync(join(a.workspace.dir, 'tree.bin'), bytes);
    const tree = agentGit(a.workspace, [
      'hash-object',
      '-t',
      'tree',
      '-w',
      '--literally',
      join(a.workspace.dir, 'tree.bin'),
    ]);
    const tip = agentGit(a.workspace, ['commit-tree', '-p', a.start, '-m', 'Odd', tree]);
    handOverResult(a.workspace, a.start, tip);
    await expectRejected(a, reason);
  });

  test('a submodule, an embedded repository, a changed .gitmodules, also in the middle of the history', async () => {
    await using a = await attempt();
    handOverResult(a.workspace, a.start, commitTree(a, `160000 commit ${a.start}\tsub\n`));
    await expectRejected(a, /adds a submodule or nested repository at sub/);
    const modules = agentCommit(a.workspace, { '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ./x\n' });
    handOverResult(a.workspace, a.start, modules);
    await expectRejected(a, /changes \.gitmodules/);
    rmSync(join(a.workspace.tree, '.gitmodules'));
    agentCommit(a.workspace, { 'c.txt': 'c\n' });
    handOverResult(a.workspace, a.start);
    await expectRejected(a, /changes \.gitmodules/);
  });

  test('a history that does not begin where the agent did', async () => {
    await using a = await attempt();
    const tree = agentGit(a.workspace, ['rev-parse', 'HEAD^{tree}']);
    const orphan = agentGit(a.workspace, ['commit-tree', '-m', 'Orphan', tree]);
    handOverResult(a.workspace, a.start, orphan);
    await expectRejected(a, /not built on/);
    const sibling = agentGit(a.workspace, ['commit-tree', '-p', `${a.start}^`, '-m', 'Sibling', tree]);
    handOverResult(a.workspace, a.start, sibling);
    await expectRejected(a, /not built on/);
  });

  test("another attempt's work, named as the tip or merged in", async () => {
    await using a = await attempt();
    const tree = git(
      a.mirror.gitDir,
      ['mktree'],
      {},
      `100644 blob ${git(a.mirror.gitDir, ['hash-object', '-w', '--stdin'], {}, 'theirs')}\tx\n`,
    );
    const theirs = git(a.mirror.gitDir, ['commit-tree', '-p', a.start, '-m', 'Theirs', tree]);
    git(a.mirror.gitDir, ['update-ref', 'refs/forge/tasks/other/1', theirs]);
    agentCommit(a.workspace, { 'c.txt': 'c\n' });
    handOverResult(a.workspace, a.start);
    writeFileSync(join(a.workspace.out, 'tip'), theirs);
    await expectRejected(a, /which is not in out\/pack/);
    const parents = ['-p', 'HEAD', '-p', theirs];
    const merge = agentGit(a.workspace, ['commit-tree', ...parents, '-m', 'Merge', 'HEAD^{tree}']);
    writePack(a, ['--revs', '--thin'], [merge, `^${a.start}`, `^${theirs}`]);
    writeFileSync(join(a.workspace.out, 'tip'), merge);
    await expectRejected(a, /which is not in out\/pack/);
  });

  test('a tip that is no commit, or not there; objects that are missing', async () => {
    await using a = await attempt();
    const id = blob(a, 'only a blob\n');
    agentCommit(a.workspace, { 'c.txt': 'only a blob\n' });
    handOverResult(a.workspace, a.start);
    writeFileSync(join(a.workspace.out, 'tip'), id);
    await expectRejected(a, /not a commit of out\/pack/);
    writeFileSync(join(a.workspace.out, 'tip'), 'b'.repeat(40));
    await expectRejected(a, /not a commit of out\/pack/);
    const holed = commitTree(a, `100644 blob ${'c'.repeat(40)}\tgone.txt\n`);
    writePack(a, [], [holed, agentGit(a.workspace, ['rev-parse', `${holed}^{tree}`])]);
    writeFileSync(join(a.workspace.out, 'tip'), holed);
    await expectRejected(a, /git does not take the pack/);
  });

  test('a file that GitHub would not take', async () => {
    await using a = await attempt();
    agentGit(a.workspace, ['config', 'core.compression', '1']);
    agentCommit(a.workspace, { 'zeros.bin': Buffer.alloc(100 * 1024 ** 2 + 1) });
    handOverResult(a.workspace, a.start);
    await expectRejected(a, /zeros\.bin has 104857601 bytes/);
  });

  test('a few objects that unfold into a million paths, or a path too long to check out', async () => {
    await using a = await attempt();
    let entry = `100644 blob ${blob(a, 'x')}`;
    for (let level = 0; level < 6; level++) {
      const lines = Array.from({ length: 10 }, (_, i) => `${entry}\t${i}\n`).join('');
      entry = `040000 tree ${agentGit(a.workspace, ['mktree'], lines)}`;
    }
    handOverResult(a.workspace, a.start, commitTree(a, `${entry}\tbomb\n`));
    await expectRejected(a, /changes more than 200000 paths/);
    entry = `100644 blob ${blob(a, 'x')}`;
    for (let level = 0; level < 5; level++) {
      entry = `040000 tree ${agentGit(a.workspace, ['mktree'], `${entry}\t${'n'.repeat(250)}\n`)}`;
    }
    handOverResult(a.workspace, a.start, commitTree(a, `${entry}\tlong\n`));
    await expectRejected(a, /a path of more than 1024 bytes/);
  });
});

test('nothing that the agent plants in its tree or git directory runs on the host', async () => {
  await using a = await attempt();
  const { workspace, fixture, mirror, start } = a;
  agentCommit(workspace, { '.gitattributes': '* filter=evil diff=evil merge=evil\n', 'a.txt': 'evil\n' });
  handOverResult(workspace, start);
  const canary = join(fixture.home, 'canary');
  const script = join(workspace.tree, 'evil.sh');
  writeFileSync(script, `#!/bin/sh\ntouch '${canary}'\ncat\n`);
  chmodSync(script, 0o755);
  const config = `[core]\n\tfsmonitor = ${script}\n\thooksPath = ${workspace.tree}/hooks\n\tsshCommand = ${script}\n\tpager = ${script}\n\teditor = ${script}\n[filter "evil"]\n\tclean = ${script}\n\tsmudge = ${script}\n\tprocess = ${script}\n\trequired = true\n[diff]\n\texternal = ${script}\n[diff "evil"]\n\ttextconv = ${script}\n\tcommand = ${script}\n[merge "evil"]\n\tdriver = ${script}\n[credential]\n\thelper = ${script}\n[uploadpack]\n\tpackObjectsHook = ${script}\n[alias]\n\tlog = !${script}\n`;
  const planted = join(workspace.tree, 'planted');
  for (const dir of [workspace.gitDir, planted]) {
    mkdirSync(join(dir, 'hooks'), { recursive: true });
    writeFileSync(join(dir, 'config'), config);
    for (const hook of ['reference-transaction', 'post-checkout', 'pre-push', 'post-index-change']) {
      writeFileSync(join(dir, 'hooks', hook), `#!/bin/sh\ntouch '${canary}'\n`, { mode: 0o755 });
    }
  }
  rmSync(join(workspace.tree, '.git'));
  writeFileSync(join(workspace.tree, '.git'), `gitdir: ${planted}\n`);
  writeFileSync(join(workspace.gitDir, 'commondir'), `${planted}\n`);
  writeFileSync(join(workspace.gitDir, 'objects/info/alternates'), `${fixture.origin}/objects\n`);

  const result = await a.importResult();
  if (result.kind !== 'changed') throw new Error(`the result was ${result.kind}`);
  const { workspaces } = fixture;
  await workspaces.diffStat(mirror, start, result.sha);
  expect(await workspaces.diff(mirror, start, result.sha, 10_000)).toContain('+evil');
  await workspaces.log(mirror, start, result.sha);
  await workspaces.checkout({ mirror, dirName: 'task-1-verify', sha: result.sha });
  await workspaces.push({
    mirror,
    pushUrl: fixture.cloneUrl,
    sha: result.sha,
    branch: 'forge/x',
    expected: null,
  });
  await workspaces.fetchMirror(REPO, fixture.cloneUrl);
  await workspaces.prepare({ mirror, attemptId: 'task-1', startSha: result.sha, branch: 'work' });
  await workspaces.remove('task-1');
  expect(existsSync(canary)).toBe(false);
});
