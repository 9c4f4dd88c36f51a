import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { test } from 'vitest';
import {
  agentCommit,
  agentGit,
  attempt,
  blob,
  commitTree,
  expectRejected,
  handOverResult,
  writePack,
} from '../../test/support/attempt-fixture.ts';
import { git } from '../../test/support/git-fixture.ts';

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

test('a delta of a few bytes that claims to unfold into 4 GiB', async () => {
  await using a = await attempt();
  handOverResult(a.workspace, a.start, agentCommit(a.workspace, { 'c.txt': 'c\n' }));
  const base = Buffer.alloc(65_536);
  const baseId = createHash('sha1').update(`blob ${base.length}\0`).update(base).digest();
  // Each 0x80 copies 64 KiB of the base.
  const delta = Buffer.concat([sizeOf(base.length), sizeOf(4 * 1024 ** 3), Buffer.alloc(65_536, 0x80)]);
  const blobEntry = Buffer.concat([entryHead(3, base.length), deflateSync(base)]);
  const deltaEntry = Buffer.concat([entryHead(7, delta.length), baseId, deflateSync(delta)]);
  const body = Buffer.concat([Buffer.from('5041434b0000000200000002', 'hex'), blobEntry, deltaEntry]);
  const pack = Buffer.concat([body, createHash('sha1').update(body).digest()]);
  writeFileSync(join(a.workspace.out, 'pack'), pack);
  await expectRejected(a, /attempting to allocate 4294967297 over limit/);
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

/** The head of a pack entry: four bits of the size beside the type, the rest seven by seven. */
function entryHead(type: number, size: number): Buffer {
  return Buffer.concat([Buffer.from([0x80 | (type << 4) | (size & 15)]), sizeOf(Math.floor(size / 16))]);
}

function sizeOf(size: number): Buffer {
  return size < 128
    ? Buffer.from([size])
    : Buffer.concat([Buffer.from([0x80 | (size % 128)]), sizeOf(Math.floor(size / 128))]);
}
