import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  agentCommit,
  agentGit,
  attempt,
  expectRejected,
  handOverResult,
  REF,
  writePack,
} from '../../test/support/attempt-fixture.ts';
import { commitTo, git, openWorkspaces, REPO } from '../../test/support/git-fixture.ts';

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

  test('an old version of a file, brought back, need not come in the pack', async () => {
    await using a = await attempt();
    const tip = agentCommit(a.workspace, { 'a.txt': 'a\n' });
    writePack(a, [], [tip, agentGit(a.workspace, ['rev-parse', 'HEAD^{tree}'])]);
    writeFileSync(join(a.workspace.out, 'tip'), tip);
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
