import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clone, clone } from '../../../test/support/git-client.ts';
import { as, type Send } from '../../../test/support/github-request.ts';
import { type DemoGitHub, startGitHub } from '../github-server.ts';

let github: DemoGitHub;
let repo: string;
let comments: string;
let ada: Send;

beforeEach(async () => {
  github = await startGitHub({ users: ['ada'] });
  repo = await github.addRepository({ owner: 'ada', name: 'pump', files: { 'pump.txt': 'one\n' } });
  github.openIssue({ repo, title: 'Leak', body: null, author: 'ada' });
  comments = `/repos/${repo}/issues/1/comments`;
  ada = as(github, 'ada');
});

afterEach(() => github.close());

describe('of the API', () => {
  test('an answer of one’s choice, as often as asked, then things go on as before', async () => {
    const headers = { 'retry-after': '60' };
    const body = { message: 'You have exceeded a secondary rate limit.' };
    github.fault({ method: 'POST', path: comments }, { status: 403, headers, body, times: 2 });
    for (let n = 0; n < 2; n += 1) {
      const reply = await ada('POST', comments, { body: 'Hello' });
      expect([reply.status, reply.headers.get('retry-after'), reply.body]).toEqual([403, '60', body]);
    }
    expect((await ada('GET', comments)).status).toBe(200);
    expect(github.comments(repo, 1)).toEqual([]);
    expect((await ada('POST', comments, { body: 'Hello' })).status).toBe(201);
  });

  test('a cut before it acts: nothing is done', async () => {
    github.fault({ path: /\/comments$/ }, { cutBefore: true });
    await expect(ada('POST', comments, { body: 'Hello' })).rejects.toThrow();
    expect(github.comments(repo, 1)).toEqual([]);
    expect(github.requests.at(-1)?.status).toBeNull();
  });

  test('a cut after it acted: it is done, but nobody says so', async () => {
    github.fault({ path: /\/comments$/ }, { cutAfter: true });
    await expect(ada('POST', comments, { body: 'Hello' })).rejects.toThrow();
    expect(github.comments(repo, 1)).toMatchObject([{ author: 'ada', body: 'Hello' }]);
    expect(github.requests.at(-1)?.status).toBeNull();
  });

  test('an answer that breaks off in the middle: it is done, but cannot be read', async () => {
    github.fault({ path: comments }, { truncate: true });
    await expect(ada('POST', comments, { body: 'Hello' })).rejects.toThrow();
    expect(github.comments(repo, 1)).toHaveLength(1);
  });

  test('a web page in place of an answer', async () => {
    github.fault({ path: '/user' }, { html: true });
    const reply = await fetch(`${github.apiUrl}/user`);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await reply.text()).toMatch(/^<!DOCTYPE html>/);
  });

  test('a delay ends with the right answer, and the server does not wait for it to close', async () => {
    github.fault({ path: comments }, { delayMs: 50 });
    expect((await ada('GET', comments)).status).toBe(200);
    github.fault({ path: comments }, { delayMs: 3_600_000 });
    const hanging = ada('GET', comments);
    const refused = expect(hanging).rejects.toThrow();
    await expect.poll(() => github.requests.length).toBe(2);
    await github.close();
    await refused;
  });
});

describe('of git', () => {
  let work: Clone;

  beforeEach(async () => {
    work = await clone(github, repo, 'ada');
  });

  afterEach(() => work.remove());

  test('a push whose answer is cut has arrived all the same', async () => {
    const sha = await work.commit({ 'pump.txt': 'two\n' });
    github.fault({ method: 'POST', path: /git-receive-pack$/ }, { cutAfter: true });
    await expect(work.git('push', '--quiet')).rejects.toThrow();
    expect(github.branchSha(repo, 'main')).toBe(sha);
  });

  test('a push that is cut before has not', async () => {
    const before = github.branchSha(repo, 'main');
    await work.commit({ 'pump.txt': 'two\n' });
    github.fault({ method: 'POST', path: /git-receive-pack$/ }, { cutBefore: true, times: 2 });
    await expect(work.git('push', '--quiet')).rejects.toThrow();
    expect(github.branchSha(repo, 'main')).toBe(before);
  });

  test('a caller that goes away in the middle of its push holds nothing up', async () => {
    const authorization = `Basic ${Buffer.from(`x:${github.account('ada').token}`).toString('base64')}`;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('00a0')), // announces more than ever comes
    });
    const gone = new AbortController();
    const url = `${github.url}/${repo}.git/git-receive-pack`;
    const headers = { authorization, 'content-type': 'application/x-git-receive-pack-request' };
    const push = fetch(url, { method: 'POST', headers, body, duplex: 'half', signal: gone.signal });
    const cut = expect(push).rejects.toThrow();
    await expect.poll(() => github.requests.at(-1)?.path).toBe(`/${repo}.git/git-receive-pack`);
    gone.abort();
    await cut;
    await github.close();
  });

  test('a fetch gets a bad gateway, then half a pack, then all of it', async () => {
    await github.commit(repo, { files: { 'pump.txt': 'two\n' }, message: 'Two' });
    github.fault({ path: /info\/refs$/ }, { status: 502, body: 'Bad Gateway' });
    await expect(work.git('fetch', '--quiet')).rejects.toThrow(/502/);
    github.fault({ method: 'POST', path: /git-upload-pack$/ }, { truncate: true });
    await expect(work.git('fetch', '--quiet')).rejects.toThrow();
    await work.git('fetch', '--quiet');
    expect(await work.git('rev-parse', 'origin/main')).toBe(github.branchSha(repo, 'main'));
  });
});
