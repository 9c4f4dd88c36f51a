import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentCommit, agentGit } from '../../test/support/attempt-fixture.ts';
import {
  commitTo,
  type GitFixture,
  git,
  gitFixture,
  OWNER,
  openWorkspaces,
  REPO,
} from '../../test/support/git-fixture.ts';
import type { Sha } from '../task/ids.ts';
import type { Workspace } from './layout.ts';
import type { Mirror } from './mirror.ts';

const BRANCH = 'forge/issue-7-fix-it';

async function mirrorOf(fixture: GitFixture): Promise<Mirror> {
  return await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
}

async function prepared(fixture: GitFixture, startSha: Sha, attemptId = 'task-1'): Promise<Workspace> {
  const mirror = await mirrorOf(fixture);
  const base = { branch: 'trunk', sha: startSha };
  return await fixture.workspaces.prepare({ mirror, attemptId, startSha, branch: BRANCH, base });
}

test('the agent finds a clean tree on its branch, with the base beside it, and commits as forge', async () => {
  await using fixture = await gitFixture();
  const start = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a', 'dir/b.txt': 'b' });
  const workspace = await prepared(fixture, start);
  expect(readFileSync(join(workspace.tree, 'dir/b.txt'), 'utf8')).toBe('b');
  expect(agentGit(workspace, ['status', '--porcelain=2', '--branch'])).toBe(
    `# branch.oid ${start}\n# branch.head ${BRANCH}`,
  );
  expect(agentGit(workspace, ['rev-parse', 'origin/trunk'])).toBe(start);
  expect(agentGit(workspace, ['config', 'user.name'])).toBe('forge');
  const tip = agentCommit(workspace, { 'c.txt': 'c' });
  expect(agentGit(workspace, ['log', '--format=%H', BRANCH])).toBe(`${tip}\n${start}`);
  expect(agentGit(workspace, ['fsck', '--strict'])).not.toMatch(/error|missing/);
});

test('the workspace knows the mirror only by its path in the container, and the mirror nothing of it', async () => {
  await using fixture = await gitFixture();
  const workspace = await prepared(fixture, commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' }));
  const { gitDir } = await mirrorOf(fixture);
  expect(readdirSync(join(gitDir, 'worktrees'))).toEqual([]);
  expect(git(gitDir, ['worktree', 'list', '--porcelain'])).not.toContain(workspace.tree);
  expect(readFileSync(workspace.gitfile, 'utf8')).toBe('gitdir: /forge/git\n');
  expect(readFileSync(join(workspace.tree, '.git'), 'utf8')).toBe('gitdir: /forge/git\n');
  expect(readFileSync(join(workspace.gitDir, 'objects/info/alternates'), 'utf8')).toBe('/forge/objects\n');
  for (const name of readdirSync(workspace.gitDir, { recursive: true, withFileTypes: true })) {
    if (name.isFile())
      expect(readFileSync(join(name.parentPath, name.name), 'latin1')).not.toContain(fixture.home);
  }
  expect(existsSync(join(workspace.gitDir, 'hooks'))).toBe(false);
});

test('the index says of every file who owns it now, so that the first status reads none of them', async () => {
  await using fixture = await gitFixture();
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`d${i % 7}/${'n'.repeat(i % 60)}${i}`, `${i}`]),
  );
  const workspace = await prepared(fixture, commitTo(fixture.origin, 'trunk', files));
  const index = readFileSync(join(workspace.gitDir, 'index'));
  // diff-files compares by stat data alone, without reading files or refreshing the index.
  expect(agentGit(workspace, ['diff-files', '--name-only'])).toBe('');
  expect(readFileSync(join(workspace.gitDir, 'index'))).toEqual(index);
  writeFileSync(join(workspace.tree, 'd0/0'), 'x');
  expect(agentGit(workspace, ['diff-files', '--name-only'])).toBe('d0/0');
});

test('an edit right after the checkout is seen, though size and second are the same', async () => {
  await using fixture = await gitFixture();
  const workspace = await prepared(fixture, commitTo(fixture.origin, 'trunk', { 'sum.js': 'a - b' }));
  writeFileSync(join(workspace.tree, 'sum.js'), 'a + b');
  expect(agentGit(workspace, ['status', '--porcelain'])).toBe('M sum.js');
});

test('who owns what', async () => {
  await using fixture = await gitFixture();
  const workspace = await prepared(fixture, commitTo(fixture.origin, 'trunk', { 'dir/a.txt': 'a' }));
  const seen = (path: string) => {
    const { uid, gid, mode } = lstatSync(path);
    return { uid, gid, mode: mode & 0o777 };
  };
  const { tree, gitDir, gitfile, out, run, dir } = workspace;
  for (const path of [
    tree,
    join(tree, 'dir/a.txt'),
    join(tree, '.git'),
    gitDir,
    join(gitDir, 'HEAD'),
    gitfile,
    out,
  ]) {
    expect(seen(path), path).toMatchObject(OWNER);
  }
  expect([gitDir, out].map((path) => seen(path).mode)).toEqual([0o700, 0o700]);
  const daemon = { uid: process.getuid?.(), gid: process.getgid?.() };
  expect(seen(run)).toEqual({ ...daemon, mode: 0o755 });
  expect(seen(dir)).toEqual({ ...daemon, mode: 0o700 });
});

test('links of the repository stay links, and what they name keeps its owner', async () => {
  await using fixture = await gitFixture();
  const canary = join(fixture.home, 'canary');
  writeFileSync(canary, 'untouched');
  const blob = git(fixture.origin, ['hash-object', '-w', '--stdin'], {}, canary);
  const tree = git(fixture.origin, ['mktree'], {}, `120000 blob ${blob}\tlink\n`);
  const start = git(fixture.origin, ['commit-tree', '-m', 'Link', tree]) as Sha;
  git(fixture.origin, ['update-ref', 'refs/heads/trunk', start]);
  const workspace = await prepared(fixture, start);
  expect(readlinkSync(join(workspace.tree, 'link'))).toBe(canary);
  expect(lstatSync(canary).uid).toBe(process.getuid?.());
  expect(agentGit(workspace, ['status', '--porcelain'])).toBe('');
});

test('attributes of the repository run nothing at the checkout', async () => {
  await using fixture = await gitFixture();
  const start = commitTo(fixture.origin, 'trunk', {
    '.gitattributes':
      '*.txt filter=lfs\n*.crlf text eol=crlf\n*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n',
    'a.txt': 'version https://git-lfs.github.com/spec/v1\n',
    'a.crlf': 'a\n',
    'a.id': '$Id$\n',
    'a.u16': 'ü',
  });
  const workspace = await prepared(fixture, start);
  expect(readFileSync(join(workspace.tree, 'a.txt'), 'utf8')).toBe(
    'version https://git-lfs.github.com/spec/v1\n',
  );
  expect(readFileSync(join(workspace.tree, 'a.crlf'), 'utf8')).toBe('a\r\n');
  expect(readFileSync(join(workspace.tree, 'a.u16'))).toEqual(Buffer.from('ü', 'utf16le'));
  expect(agentGit(workspace, ['status', '--porcelain'])).toBe('');
});

test('submodules are left empty and nothing is fetched for them', async () => {
  await using fixture = await gitFixture();
  const first = commitTo(fixture.origin, 'trunk', {
    '.gitmodules': `[submodule "s"]\n\tpath = s\n\turl = ${fixture.http.url}/acme/other.git\n`,
  });
  const modules = git(fixture.origin, ['ls-tree', first, '.gitmodules']);
  const tree = git(fixture.origin, ['mktree'], {}, `${modules}\n160000 commit ${first}\ts\n`);
  const start = git(fixture.origin, ['commit-tree', '-p', first, '-m', 'Add s', tree]) as Sha;
  git(fixture.origin, ['update-ref', 'refs/heads/trunk', start]);
  const workspace = await prepared(fixture, start);
  expect(readdirSync(join(workspace.tree, 's'))).toEqual([]);
  expect(agentGit(workspace, ['status', '--porcelain'])).toBe('');
  expect(fixture.http.requests.filter(({ path }) => path.includes('other'))).toEqual([]);
});

test('an empty repository begins at its seed', async () => {
  await using fixture = await gitFixture();
  const seed = await fixture.workspaces.seedCommit(await mirrorOf(fixture));
  const workspace = await prepared(fixture, seed);
  expect(readdirSync(workspace.tree)).toEqual(['.git']);
  expect(agentGit(workspace, ['rev-parse', 'HEAD'])).toBe(seed);
});

test('several at once, and again over what a killed forge left behind', async () => {
  await using fixture = await gitFixture();
  const files = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`d${i % 40}/f${i}`, `${i}\n`]));
  const start = commitTo(fixture.origin, 'trunk', files);
  const mirror = await mirrorOf(fixture);
  const ids = ['t-1', 't-2', 't-3', 't-4'];
  await Promise.all(ids.map((attemptId) => prepared(fixture, start, attemptId)));
  // As if the process had died between `worktree add` and the cut: entry in the mirror, leftovers in the directory.
  git(mirror.gitDir, [
    'worktree',
    'add',
    '--quiet',
    '--detach',
    join(fixture.home, 'attempts/t-5/tree'),
    start,
  ]);
  writeFileSync(join(mirror.gitDir, 'worktrees/tree/index.lock'), '');
  const workspaces = openWorkspaces(fixture.home);
  const workspace = await workspaces.prepare({ mirror, attemptId: 't-5', startSha: start, branch: BRANCH });
  expect(agentGit(workspace, ['status', '--porcelain'])).toBe('');
  expect(readdirSync(join(mirror.gitDir, 'worktrees'))).toEqual([]);
  expect((await workspaces.attemptDirs()).sort()).toEqual([...ids, 't-5']);
});

test('an attempt is removed whatever its agent made of it, and links lead nowhere', async () => {
  await using fixture = await gitFixture();
  const workspace = await prepared(fixture, commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' }));
  const canary = join(fixture.home, 'canary');
  mkdirSync(canary);
  writeFileSync(join(canary, 'file'), 'untouched');
  symlinkSync(canary, join(workspace.tree, 'link'));
  mkdirSync(join(workspace.tree, 'closed/inner'), { recursive: true });
  chmodSync(join(workspace.tree, 'closed'), 0);
  let deep = join(workspace.out, 'deep');
  for (let i = 0; i < 15; i++) deep = join(deep, 'x'.repeat(240));
  mkdirSync(deep, { recursive: true });
  await fixture.workspaces.remove('task-1');
  await fixture.workspaces.remove('task-1');
  expect(existsSync(workspace.dir)).toBe(false);
  expect(readFileSync(join(canary, 'file'), 'utf8')).toBe('untouched');
});

test.each(['..', '../x', 'a/b', '', '.', '-rf', 'a\0b'])('%j is no attempt', async (id) => {
  await using fixture = await gitFixture();
  await expect(fixture.workspaces.remove(id)).rejects.toMatchObject({ category: 'invalid' });
});
