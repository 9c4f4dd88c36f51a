import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import {
  commitTo,
  type GitFixture,
  git,
  gitFixture,
  openWorkspaces,
  REPO,
  TOKEN,
} from '../../test/support/git-fixture.ts';
import { basic, startGitHttp } from '../../test/support/git-http.ts';
import { Git } from './git.ts';

afterEach(() => vi.unstubAllEnvs());

/** Puts a `git` on the PATH that writes down its arguments and whether it was given the token. */
function recordGit(fixture: GitFixture): () => { argv: string; token: boolean }[] {
  const bin = join(fixture.home, '..', 'bin');
  const record = join(bin, 'record');
  const real = git('/', ['--exec-path']);
  mkdirSync(bin);
  writeFileSync(record, '');
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\nprintf '%s\\t%s\\0' "\${FORGE_GIT_TOKEN:+token}" "$*" >> '${record}'\nexec '${real}/git' "$@"\n`,
  );
  chmodSync(join(bin, 'git'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  return () =>
    readFileSync(record, 'utf8')
      .split('\0')
      .slice(0, -1)
      .map((line) => ({ argv: line.slice(line.indexOf('\t') + 1), token: line.startsWith('token') }));
}

test('the token reaches the server and nothing else: no argument, no file, only processes that use the network', async () => {
  await using fixture = await gitFixture();
  const { workspaces, cloneUrl, home } = fixture;
  const start = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const commands = recordGit(fixture);
  const mirror = await workspaces.fetchMirror(REPO, cloneUrl);
  await workspaces.prepare({ mirror, attemptId: 't-1', startSha: start, branch: 'work' });
  await workspaces.push({ mirror, pushUrl: cloneUrl, sha: start, branch: 'forge/x', expected: null });
  await workspaces.remoteSha({ mirror, url: cloneUrl, branch: 'forge/x' });
  await workspaces.diff(mirror, start, start, 100);

  expect(
    fixture.http.requests.some(({ authorization }) => authorization === basic('x-access-token', TOKEN)),
  ).toBe(true);
  expect(commands().length).toBeGreaterThan(5);
  expect(commands().filter(({ argv }) => argv.includes(TOKEN))).toEqual([]);
  const withToken = commands().filter(({ token }) => token);
  expect(withToken.map(({ argv }) => argv.split(' ')[0])).toEqual(['fetch', 'push', 'ls-remote']);
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(10);
  const encoded = [TOKEN, Buffer.from(TOKEN).toString('base64'), basic('x-access-token', TOKEN).slice(6)];
  for (const { parentPath, name } of files) {
    const content = readFileSync(join(parentPath, name), 'latin1');
    expect(
      encoded.filter((text) => content.includes(text)),
      name,
    ).toEqual([]);
  }
});

test('the askpass script is for its owner alone', async () => {
  await using fixture = await gitFixture();
  await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  expect(statSync(join(fixture.home, 'git/askpass')).mode & 0o777).toBe(0o700);
});

test('a wrong token is unauthorized, and no error shows it', async () => {
  await using fixture = await gitFixture();
  const workspaces = openWorkspaces(fixture.home, 'wrong-token');
  const error = await workspaces.fetchMirror(REPO, fixture.cloneUrl).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ category: 'unauthorized', next: expect.stringContaining('GITHUB_TOKEN') });
  expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('wrong-token');
  await expect(openWorkspaces(fixture.home, null).fetchMirror(REPO, fixture.cloneUrl)).rejects.toMatchObject({
    category: 'unauthorized',
  });
});

test('a redirect to another server takes no token there', async () => {
  await using fixture = await gitFixture();
  const other = await startGitHttp({ root: join(fixture.home, '../srv'), token: TOKEN });
  fixture.http.interfere = ({ path }) => ({ status: 302, headers: { location: `${other.url}${path}` } });
  try {
    await expect(fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl)).rejects.toMatchObject({
      category: 'unauthorized',
    });
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.filter(({ authorization }) => authorization !== null)).toEqual([]);
  } finally {
    await other.close();
  }
});

test("the user's own git settings and environment do not reach forge's git", async () => {
  await using fixture = await gitFixture();
  const start = commitTo(fixture.origin, 'trunk', { 'a.txt': 'a' });
  const planted = join(fixture.home, '..', 'planted');
  mkdirSync(join(planted, 'hooks'), { recursive: true });
  const canary = join(planted, 'canary');
  writeFileSync(join(planted, 'hooks/reference-transaction'), `#!/bin/sh\ntouch ${canary}\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(planted, '.gitconfig'),
    `[url "http://127.0.0.1:1/"]\n\tinsteadOf = ${fixture.http.url}/\n[core]\n\thooksPath = ${planted}/hooks\n`,
  );
  vi.stubEnv('HOME', planted);
  vi.stubEnv('XDG_CONFIG_HOME', planted);
  vi.stubEnv('GIT_CONFIG_GLOBAL', join(planted, '.gitconfig'));
  vi.stubEnv('GIT_DIR', planted);
  vi.stubEnv('GIT_INDEX_FILE', join(planted, 'index'));
  vi.stubEnv('GIT_TRACE', join(planted, 'trace'));
  vi.stubEnv('GIT_CONFIG_PARAMETERS', "'core.bare'='nonsense'");
  const mirror = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  await fixture.workspaces.prepare({ mirror, attemptId: 't-1', startSha: start, branch: 'work' });
  expect(await fixture.workspaces.resolveBranch(mirror, 'trunk')).toBe(start);
  expect(readdirSync(planted).sort()).toEqual(['.gitconfig', 'hooks']);
});

test('aborting ends git and its helpers, and whoever waits for a turn', async () => {
  await using fixture = await gitFixture();
  const reached = Promise.withResolvers<void>();
  fixture.http.interfere = () => {
    reached.resolve();
    return 'hang';
  };
  const controller = new AbortController();
  const fetching = fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl, controller.signal);
  const waiting = fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl, controller.signal);
  await reached.promise;
  controller.abort(new Error('stop'));
  // The helper holds the same pipe for its errors, so `fetching` could not settle while it lives.
  const [first, second] = await Promise.allSettled([fetching, waiting]);
  expect([first, second]).toMatchObject([{ reason: { message: 'stop' } }, { reason: { message: 'stop' } }]);
  fixture.http.interfere = () => null;
  await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
});

test('a server that never answers costs no more than the deadline', async () => {
  await using fixture = await gitFixture();
  const { gitDir } = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  fixture.http.interfere = () => 'hang';
  const url = new URL(fixture.cloneUrl);
  const command = { gitDir, args: ['ls-remote', url.href], deadlineMs: 200 };
  await expect(new Git(fixture.home, () => null).runRemote(url, command)).rejects.toMatchObject({
    category: 'unavailable',
    message: expect.stringContaining('took longer than 0.2 seconds'),
  });
});

test('output beyond the limit ends the process and is cut', async () => {
  await using fixture = await gitFixture();
  const { gitDir } = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  const result = await new Git(fixture.home, () => null).run({
    gitDir,
    args: ['help', '-a'],
    maxOutputBytes: 10,
  });
  expect(result.truncated).toBe(true);
  expect(result.stdout.length).toBe(10);
});

test('a question that git cannot answer throws, with or without words', async () => {
  await using fixture = await gitFixture();
  const { gitDir } = await fixture.workspaces.fetchMirror(REPO, fixture.cloneUrl);
  const runner = new Git(fixture.home, () => null);
  await expect(runner.ask(gitDir, ['cat-file', 'blob', 'none'])).rejects.toMatchObject({
    category: 'internal',
    service: 'git',
    message: `git cat-file failed for ${gitDir}: fatal: Not a valid object name none`,
  });
  await expect(runner.ask(gitDir, ['rev-parse', '--verify', '--quiet', 'none'])).rejects.toMatchObject({
    message: `git rev-parse failed for ${gitDir}: it said nothing`,
  });
});

test('a machine without git is told so', async () => {
  await using fixture = await gitFixture();
  vi.stubEnv('PATH', '/nonexistent');
  await expect(
    new Git(fixture.home, () => null).run({ gitDir: '/x', args: ['version'] }),
  ).rejects.toMatchObject({
    category: 'settings',
    message: 'git is not installed, or not on the PATH',
  });
});
