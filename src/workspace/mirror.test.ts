import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  commitTo,
  type GitFixture,
  git,
  gitFixture,
  openWorkspaces,
  REPO,
} from '../../test/support/git-fixture.ts';
import type { Sha } from '../task/ids.ts';
import type { Mirror } from './mirror.ts';

function fetchFrom({ workspaces, cloneUrl }: GitFixture): Promise<Mirror> {
  return workspaces.fetchMirror(REPO, cloneUrl);
}

test('branches of any name come, move and go with the repository; HEAD does not matter', async () => {
  await using fixture = await gitFixture();
  const { origin, workspaces } = fixture;
  const trunk = commitTo(origin, 'trunk', { 'a.txt': 'a' });
  const feature = commitTo(origin, 'feature/x/y', { 'b.txt': 'b' });
  git(origin, ['pack-refs', '--all']);
  git(origin, ['symbolic-ref', 'HEAD', 'refs/heads/nowhere']);
  const mirror = await fetchFrom(fixture);
  expect(await workspaces.resolveBranch(mirror, 'trunk')).toBe(trunk);
  expect(await workspaces.resolveBranch(mirror, 'feature/x/y')).toBe(feature);
  await expect(workspaces.resolveBranch(mirror, 'feature/x')).rejects.toMatchObject({
    category: 'not_found',
  });

  git(origin, ['update-ref', '-d', 'refs/heads/feature/x/y']);
  const other = commitTo(origin, 'feature/x', { 'c.txt': 'c' });
  const moved = commitTo(origin, 'trunk', { 'a.txt': 'aa' });
  await fetchFrom(fixture);
  expect(await workspaces.resolveBranch(mirror, 'trunk')).toBe(moved);
  expect(await workspaces.resolveBranch(mirror, 'feature/x')).toBe(other);
  await expect(workspaces.resolveBranch(mirror, 'feature/x/y')).rejects.toMatchObject({
    category: 'not_found',
  });
});

test("forge's own refs survive a fetch, whatever branches people push", async () => {
  await using fixture = await gitFixture();
  const trunk = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  commitTo(fixture.origin, 'refs/forge/tasks/t/1', { 'x.txt': 'x' });
  const mirror = await fetchFrom(fixture);
  git(mirror.gitDir, ['update-ref', 'refs/forge/tasks/t/1', trunk]);
  await fetchFrom(fixture);
  expect(await fixture.workspaces.refSha(mirror, 'refs/forge/tasks/t/1')).toBe(trunk);
  expect(await fixture.workspaces.refSha(mirror, 'refs/forge/tasks/t/2')).toBeNull();
});

test('tags stay where they are', async () => {
  await using fixture = await gitFixture();
  git(fixture.origin, ['tag', 'v1', commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' })]);
  const mirror = await fetchFrom(fixture);
  expect(git(mirror.gitDir, ['for-each-ref', '--format=%(refname)'])).toBe('refs/remotes/origin/trunk');
});

test('an empty repository has no branch, and its seed is the same commit everywhere', async () => {
  await using fixture = await gitFixture();
  const mirror = await fetchFrom(fixture);
  expect(await fixture.workspaces.resolveBranch(mirror, 'main')).toBeNull();
  const seed = await fixture.workspaces.seedCommit(mirror);
  expect(await fixture.workspaces.seedCommit(mirror)).toBe(seed);
  await using elsewhere = await gitFixture();
  expect(await elsewhere.workspaces.seedCommit(await fetchFrom(elsewhere))).toBe(seed);
  expect(git(mirror.gitDir, ['show', '--format=%an %s %P', '--stat', seed])).toBe(
    'forge Start the repository',
  );
});

test('a mirror that a killed forge left half-made or locked is used as if nothing had been', async () => {
  await using fixture = await gitFixture();
  commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const { gitDir } = await fetchFrom(fixture);
  const moved = commitTo(fixture.origin, 'trunk', { 'a.txt': 'b' });
  const left = [
    'packed-refs.lock',
    'config.lock',
    'refs/remotes/origin/trunk.lock',
    'objects/pack/tmp_pack_x',
  ];
  for (const name of left) writeFileSync(join(gitDir, name), '');
  truncateSync(join(gitDir, 'refs/remotes/origin/trunk'));
  truncateSync(join(gitDir, 'HEAD'));
  rmSync(join(gitDir, 'config'));
  const workspaces = openWorkspaces(fixture.home);
  const mirror = await workspaces.fetchMirror(REPO, fixture.cloneUrl);
  expect(await workspaces.resolveBranch(mirror, 'trunk')).toBe(moved);
  expect(left.filter((name) => existsSync(join(gitDir, name)))).toEqual([]);
});

test('lost objects are fetched again', async () => {
  await using fixture = await gitFixture();
  const trunk = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const mirror = await fetchFrom(fixture);
  for (const name of readdirSync(mirror.objectsDir))
    rmSync(join(mirror.objectsDir, name), { recursive: true });
  await fetchFrom(fixture);
  expect(await fixture.workspaces.readFile(mirror, trunk, 'a.txt')).toBe('a');
});

test('a mirror that git cannot read is named, with what to do', async () => {
  await using fixture = await gitFixture();
  commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const { gitDir } = await fetchFrom(fixture);
  writeFileSync(join(gitDir, 'packed-refs'), 'damaged');
  await expect(fetchFrom(fixture)).rejects.toMatchObject({
    category: 'invalid',
    next: `Move ${gitDir} away; forge fetches the repository anew`,
  });
});

test('callers for one repository take turns, and each sees what was there when it asked', async () => {
  await using fixture = await gitFixture();
  const { workspaces, cloneUrl } = fixture;
  const first = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const mirrors = await Promise.all([1, 2, 3].map(() => workspaces.fetchMirror(REPO, cloneUrl)));
  expect(await Promise.all(mirrors.map((mirror) => workspaces.resolveBranch(mirror, 'trunk')))).toEqual([
    first,
    first,
    first,
  ]);
});

test('a settings file is read from a commit; links, directories and large files are not', async () => {
  await using fixture = await gitFixture();
  const { workspaces, origin } = fixture;
  commitTo(origin, 'trunk', {
    '.forge.yml': 'verify: [ü]\n',
    '.github/forge.yml': 'x',
    'big.yml': 'x'.repeat(70_000),
  });
  const link = git(origin, ['hash-object', '-w', '--stdin'], {}, '/etc/passwd');
  const tree = git(origin, ['mktree'], {}, `120000 blob ${link}\tlink.yml\n`);
  const linked = git(origin, ['commit-tree', '-m', 'Link', tree]) as Sha;
  git(origin, ['update-ref', 'refs/heads/linked', linked]);
  const mirror = await fetchFrom(fixture);
  const trunk = (await workspaces.resolveBranch(mirror, 'trunk')) as Sha;
  expect(await workspaces.readFile(mirror, trunk, '.forge.yml')).toBe('verify: [ü]\n');
  expect(await workspaces.readFile(mirror, trunk, '.github/forge.yml')).toBe('x');
  expect(await workspaces.readFile(mirror, trunk, '.github')).toBeNull();
  expect(await workspaces.readFile(mirror, trunk, 'none.yml')).toBeNull();
  expect(await workspaces.readFile(mirror, linked, 'link.yml')).toBeNull();
  await expect(workspaces.readFile(mirror, trunk, 'big.yml')).rejects.toMatchObject({ category: 'invalid' });
});

test('mirrors are for the daemon alone', async () => {
  await using fixture = await gitFixture();
  commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const { gitDir } = await fetchFrom(fixture);
  expect(statSync(gitDir).mode & 0o777).toBe(0o700);
});
