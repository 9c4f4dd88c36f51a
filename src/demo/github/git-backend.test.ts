import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clone, clone, cloneUrl } from '../../../test/support/git-client.ts';
import { as, rawStatus } from '../../../test/support/github-request.ts';
import { type DemoGitHub, startGitHub } from '../github-server.ts';

let github: DemoGitHub;
let repo: string;
const clones: Clone[] = [];

beforeEach(async () => {
  github = await startGitHub({ users: ['ada', 'wendy', 'tristan', 'sam'] });
  repo = await github.addRepository({
    owner: 'ada',
    name: 'pump',
    private: true,
    files: { 'pump.txt': 'one\n' },
    collaborators: { wendy: 'write', tristan: 'triage' },
  });
});

afterEach(async () => {
  await Promise.all(clones.splice(0).map((each) => each.remove()));
  await github.close();
});

async function cloned(name: string, login: string | null): Promise<Clone> {
  const made = await clone(github, name, login);
  clones.push(made);
  return made;
}

describe('who may do what', () => {
  test('a private repository is cloned by its readers only', async () => {
    const work = await cloned(repo, 'tristan');
    expect(await work.git('show', 'origin/main:pump.txt')).toBe('one');
    await expect(cloned(repo, 'sam')).rejects.toThrow(/Repository not found/);
    await expect(cloned(repo, null)).rejects.toThrow(/could not read Username/);
    await expect(cloned('ada/nothing', 'wendy')).rejects.toThrow(/Repository not found/);
  });

  test('a wrong token is not let in, even where anybody may read', async () => {
    const open = await github.addRepository({ owner: 'ada', name: 'open', files: { a: 'a\n' } });
    expect(await (await cloned(open, null)).git('show', 'origin/main:a')).toBe('a');
    const authorization = `Basic ${Buffer.from('x-access-token:wrong').toString('base64')}`;
    const url = `${github.url}/${open}.git/info/refs?service=git-upload-pack`;
    const reply = await fetch(url, { headers: { authorization } });
    expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="GitHub"']);
  });

  test('pushing needs write permission, on a public repository too, and none helps when it is archived', async () => {
    const open = await github.addRepository({ owner: 'ada', name: 'open', files: { a: 'a\n' } });
    const old = await github.addRepository({
      owner: 'ada',
      name: 'old',
      archived: true,
      files: { a: 'a\n' },
    });
    const push = async (name: string, login: string | null) => {
      const work = await cloned(name, login);
      await work.commit({ b: 'b\n' });
      return work.git('push', '--quiet');
    };
    await expect(push(repo, 'tristan')).rejects.toThrow(/Permission to ada\/pump.git denied to tristan/);
    await expect(push(open, 'sam')).rejects.toThrow(/403/);
    await expect(push(open, null)).rejects.toThrow(/could not read Username/);
    await expect(push(old, 'ada')).rejects.toThrow(/archived/);
    expect(await github.readFile(open, 'main', 'b')).toBeNull();
  });
});

test('the encoding of a body and the version of the protocol reach git', async () => {
  const headers = { 'content-encoding': 'gzip', 'git-protocol': 'version=2' };
  const answer = await rawPost('git-upload-pack', gzipSync('0014command=ls-refs\n00010000'), headers);
  expect(answer).toContain(`${github.branchSha(repo, 'main')} refs/heads/main\n`);
});

describe('pushing', () => {
  test('is seen by the API at once', async () => {
    const work = await cloned(repo, 'wendy');
    const sha = await work.commit({ 'pump.txt': 'two\n' });
    await work.git('push', '--quiet', 'origin', 'HEAD:refs/heads/a/b');
    expect(github.branchSha(repo, 'a/b')).toBe(sha);
    const reply = await as(github, 'wendy')('GET', `/repos/${repo}/git/ref/heads/a/b`);
    expect(reply.body.object.sha).toBe(sha);
  });

  test('is answered only when the API has seen it', async () => {
    const sha = await github.commit(repo, { branch: 'old', files: { a: 'a\n' }, message: 'Begin' });
    const command = `${sha} ${'0'.repeat(40)} refs/heads/old\0 report-status`;
    const length = (command.length + 4).toString(16).padStart(4, '0');
    const answer = await rawPost('git-receive-pack', Buffer.from(`${length}${command}0000`));
    expect(github.branchSha(repo, 'old')).toBeNull();
    expect(answer).toContain('ok refs/heads/old');
  });

  test('a large push, which git sends in two requests and in chunks, arrives whole', async () => {
    const work = await cloned(repo, 'wendy');
    const large = randomBytes(200_000).toString('hex');
    await work.commit({ 'large.txt': large });
    await work.git('-c', 'http.postBuffer=65536', 'push', '--quiet');
    expect(await github.readFile(repo, 'main', 'large.txt')).toBe(large);
    const posts = github.requests.filter(({ path }) => path.endsWith('/git-receive-pack'));
    expect(posts.length).toBeGreaterThan(1);
    const again = await cloned(repo, 'wendy');
    expect(await again.git('rev-parse', 'HEAD')).toBe(github.branchSha(repo, 'main'));
  });

  test('several people at once: different branches all arrive, of one branch exactly one', async () => {
    const works = await Promise.all([1, 2, 3].map(() => cloned(repo, 'wendy')));
    const shas = await Promise.all(works.map((work, n) => work.commit({ 'pump.txt': `${n}\n` })));
    await Promise.all(
      works.map((work, n) => work.git('push', '--quiet', 'origin', `HEAD:refs/heads/own-${n}`)),
    );
    expect([0, 1, 2].map((n) => github.branchSha(repo, `own-${n}`))).toEqual(shas);
    const pushes = await Promise.allSettled(
      works.map((work) => work.git('push', '--quiet', 'origin', 'HEAD:main')),
    );
    const winner = pushes.findIndex(({ status }) => status === 'fulfilled');
    expect(pushes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(github.branchSha(repo, 'main')).toBe(shas[winner]);
  });

  test('a lease on a branch that has moved is refused', async () => {
    const [one, other] = await Promise.all([cloned(repo, 'wendy'), cloned(repo, 'ada')]);
    const before = github.branchSha(repo, 'main');
    const sha = await one.commit({ 'pump.txt': 'two\n' });
    await one.git('push', '--quiet');
    await other.commit({ 'pump.txt': 'three\n' });
    const push = other.git('push', '--quiet', `--force-with-lease=main:${before}`, 'origin', 'HEAD:main');
    await expect(push).rejects.toThrow(/fetch first|stale info|remote rejected|incorrect old value/);
    expect(github.branchSha(repo, 'main')).toBe(sha);
  });

  test('the first branch of an empty repository becomes the default one', async () => {
    const empty = await github.addRepository({ owner: 'ada', name: 'empty', empty: true });
    const work = await cloned(empty, 'ada');
    const ada = as(github, 'ada');
    const ref = await ada('GET', `/repos/${empty}/git/ref/heads/main`);
    expect([ref.status, ref.body.message]).toEqual([409, 'Git Repository is empty.']);
    await work.commit({ a: 'a\n' });
    await work.git('push', '--quiet', 'origin', 'HEAD:refs/heads/trunk');
    expect((await ada('GET', `/repos/${empty}`)).body.default_branch).toBe('trunk');
    expect(await (await cloned(empty, 'ada')).git('branch', '--show-current')).toBe('trunk');
  });

  test('nobody writes the refs of pull requests', async () => {
    const work = await cloned(repo, 'wendy');
    await work.commit({ 'pump.txt': 'two\n' });
    await expect(work.git('push', '--quiet', 'origin', 'HEAD:refs/pull/1/head')).rejects.toThrow(
      /hidden ref/,
    );
  });
});

describe('paths', () => {
  test('a renamed repository redirects git, too', async () => {
    const renamed = github.renameRepository(repo, 'valve');
    const work = await cloned(repo, 'wendy');
    expect(await work.git('show', 'origin/main:pump.txt')).toBe('one');
    expect(await (await cloned(renamed, 'wendy')).git('branch', '--show-current')).toBe('main');
  });

  test.each([
    '/ada/../ada/pump.git/info/refs',
    '/ada/pump.git/../../../etc/passwd',
    '/%2e%2e/x.git/info/refs',
  ])('%s is refused', async (path) => {
    expect(await rawStatus(`${github.url}${path}?service=git-upload-pack`)).toBe(400);
  });

  test('nothing but the smart protocol is served', async () => {
    const url = cloneUrl(github, repo, null);
    for (const path of [
      'HEAD',
      'config',
      'info/refs',
      'objects/info/packs',
      'info/refs?service=git-upload-archive',
    ]) {
      expect((await fetch(`${url}/${path}`)).status).toBe(404);
    }
  });
});

/** What git would send, without git; as a writer. */
async function rawPost(service: string, body: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const authorization = `Basic ${Buffer.from(`x:${github.account('wendy').token}`).toString('base64')}`;
  const response = await fetch(`${github.url}/${repo}.git/${service}`, {
    method: 'POST',
    headers: { ...headers, authorization, 'content-type': `application/x-${service}-request` },
    body: new Uint8Array(body),
  });
  return response.text();
}
