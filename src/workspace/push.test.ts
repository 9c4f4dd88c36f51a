import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commitTo, type GitFixture, git, gitFixture, REPO } from '../../test/support/git-fixture.ts';
import type { Sha } from '../task/ids.ts';
import type { Mirror } from './mirror.ts';
import { type PushResult, readVerdict } from './push.ts';

const BRANCH = 'forge/issue-7-fix-it';

async function setUp(fixture: GitFixture): Promise<{ mirror: Mirror; sha: Sha; next: Sha }> {
  const start = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const mirror = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  const commit = (parent: string, message: string) =>
    git(mirror.gitDir, ['commit-tree', '-p', parent, '-m', message, `${start}^{tree}`]) as Sha;
  const sha = commit(start, 'One');
  return { mirror, sha, next: commit(sha, 'Two') };
}

function pushTo(fixture: GitFixture, mirror: Mirror, sha: Sha, expected: Sha | null): Promise<PushResult> {
  return fixture.workspaces.push({ mirror, pushUrl: fixture.cloneUrl, sha, branch: BRANCH, expected });
}

function refsOf(fixture: GitFixture): string {
  return git(fixture.origin, [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads/forge',
    'refs/forge',
  ]);
}

/** Makes the server's git refuse the next pushes with these words. */
function refusePushes(fixture: GitFixture, words: string): void {
  git(fixture.origin, ['config', 'core.hooksPath', `${fixture.origin}/refusals`]);
  mkdirSync(`${fixture.origin}/refusals`);
  writeFileSync(`${fixture.origin}/refusals/pre-receive`, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, {
    mode: 0o755,
  });
}

test('a branch is made, moved, and pushed again without harm; nothing else goes along', async () => {
  await using fixture = await gitFixture();
  const { mirror, sha, next } = await setUp(fixture);
  git(mirror.gitDir, ['update-ref', 'refs/forge/tasks/t/1', sha]);
  git(mirror.gitDir, ['tag', '-a', '-m', 'v1', 'v1', sha]);
  const { workspaces, cloneUrl: url } = fixture;
  expect(await workspaces.remoteSha({ mirror, url, branch: BRANCH })).toBeNull();
  expect(await pushTo(fixture, mirror, sha, null)).toEqual({ kind: 'pushed' });
  expect(await pushTo(fixture, mirror, sha, null)).toEqual({ kind: 'pushed' });
  expect(await workspaces.remoteSha({ mirror, url, branch: BRANCH })).toBe(sha);
  expect(await pushTo(fixture, mirror, next, sha)).toEqual({ kind: 'pushed' });
  expect(await pushTo(fixture, mirror, next, sha)).toEqual({ kind: 'pushed' });
  expect(await pushTo(fixture, mirror, sha, next)).toEqual({ kind: 'pushed' });
  expect(refsOf(fixture)).toBe(`${sha} refs/heads/${BRANCH}`);
  expect(git(fixture.origin, ['tag'])).toBe('');
});

test('a branch that is not where it was seen stays as it is', async () => {
  await using fixture = await gitFixture();
  const { mirror, sha, next } = await setUp(fixture);
  const theirs = commitTo(fixture.origin, BRANCH, { 'b.txt': 'b' });
  expect(await pushTo(fixture, mirror, sha, null)).toEqual({ kind: 'lease_lost', actual: theirs });
  expect(await pushTo(fixture, mirror, sha, next)).toEqual({ kind: 'lease_lost', actual: theirs });
  git(fixture.origin, ['update-ref', '-d', `refs/heads/${BRANCH}`]);
  expect(await pushTo(fixture, mirror, sha, theirs)).toEqual({ kind: 'lease_lost', actual: null });
});

test("the name of a longer branch is not taken for the branch's own", async () => {
  await using fixture = await gitFixture();
  const { mirror } = await setUp(fixture);
  commitTo(fixture.origin, `x/refs/heads/${BRANCH}`, { 'b.txt': 'b' });
  const { workspaces, cloneUrl: url } = fixture;
  expect(await workspaces.remoteSha({ mirror, url, branch: BRANCH })).toBeNull();
});

test.each([
  [
    'refusing to allow a Personal Access Token to create or update workflow .github/workflows/ci.yml without workflow scope',
    /'workflow' scope/,
  ],
  ['error: GH006: Protected branch update failed', /forge's account/],
  ['error: GH013: Repository rule violations found', /forge's account/],
  ['error: GH001: Large files detected', /large files/],
  ['no reason', /what the account of the token may push/],
])('a server that refuses with %j is a matter for a person', async (words, next) => {
  await using fixture = await gitFixture();
  const { mirror, sha } = await setUp(fixture);
  refusePushes(fixture, words);
  await expect(pushTo(fixture, mirror, sha, null)).rejects.toMatchObject({
    category: 'forbidden',
    message: expect.stringContaining(words),
    next: expect.stringMatching(next),
  });
  expect(refsOf(fixture)).toBe('');
});

test('what the server answers decides what the failure means', async () => {
  await using fixture = await gitFixture();
  const { mirror, sha } = await setUp(fixture);
  for (const [status, category] of [
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [429, 'unavailable'],
    [502, 'unavailable'],
  ] as const) {
    fixture.http.interfere = () => ({ status });
    const pushing = pushTo(fixture, mirror, sha, null);
    await expect(pushing, String(status)).rejects.toMatchObject({ category, service: 'git' });
  }
});

test('a server that is gone is unavailable', async () => {
  await using fixture = await gitFixture();
  const { mirror, sha } = await setUp(fixture);
  const pushUrl = 'http://127.0.0.1:1/acme/widget.git';
  await expect(
    fixture.workspaces.push({ mirror, pushUrl, sha, branch: BRANCH, expected: null }),
  ).rejects.toMatchObject({ category: 'unavailable' });
});

test.each([
  ['!\tabc:refs/heads/x\t[rejected] (stale info)', { leaseLost: true, reason: 'stale info' }],
  [
    '!\tabc:refs/heads/x\t[remote rejected] (cannot lock ref)',
    { leaseLost: true, reason: 'cannot lock ref' },
  ],
  [
    'To https://h/x\n!\tabc:refs/heads/x\t[remote rejected] (reference already exists)\nDone',
    { leaseLost: true, reason: 'reference already exists' },
  ],
  [
    '!\tabc:refs/heads/x\t[remote rejected] (protected branch hook declined)',
    { leaseLost: false, reason: 'protected branch hook declined' },
  ],
  ['!\tabc:refs/heads/xy\t[rejected] (stale info)', null],
  ['', null],
])('%j', (output, verdict) => {
  expect(readVerdict(output, 'refs/heads/x')).toEqual(verdict);
});
