import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clone, clone } from '../../../test/support/git-client.ts';
import { as, type Send } from '../../../test/support/github-request.ts';
import { checkExchanges, type ExchangeCheck } from '../../../test/support/openapi-check.ts';
import { type DemoGitHub, startGitHub } from '../github-server.ts';

const BRANCH = 'forge/issue-1-leak';
const WISH = { title: 'Stop the leak', head: BRANCH, base: 'trunk', body: 'Closes #1' };

let time: number;
let check: ExchangeCheck;
let github: DemoGitHub;
let repo: string;
let pulls: string;
let wendy: Send;
let work: Clone;

beforeEach(async () => {
  time = Date.parse('2026-11-20T10:00:00Z');
  check = checkExchanges();
  const clock = { now: () => time };
  github = await startGitHub({ users: ['ada', 'wendy', 'rita'], clock, observe: check.observe });
  repo = await github.addRepository({
    owner: 'ada',
    name: 'pump',
    private: true,
    defaultBranch: 'trunk',
    files: { 'pump.txt': 'one\ntwo\nthree\n' },
    collaborators: { wendy: 'write', rita: 'read' },
  });
  github.openIssue({ repo, title: 'Leak', body: null, author: 'rita' });
  pulls = `/repos/${repo}/pulls`;
  wendy = as(github, 'wendy');
  work = await clone(github, repo, 'wendy');
  await work.git('checkout', '--quiet', '-b', BRANCH);
});

afterEach(async () => {
  await work.remove();
  await github.close();
  expect(check.findings()).toEqual([]);
});

async function pushChange(text = 'one\ntwo\nfour\n'): Promise<string> {
  const sha = await work.commit({ 'pump.txt': text });
  await work.git('push', '--quiet', 'origin', BRANCH);
  return sha;
}

function errorsOf(reply: { status: number; body: { errors: unknown } }) {
  expect(reply.status).toBe(422);
  return reply.body.errors;
}

describe('opening', () => {
  test('a pull request has its head and base, shows among the issues, and is not judged yet', async () => {
    const sha = await pushChange();
    const reply = await wendy('POST', pulls, { ...WISH, head: `ada:${BRANCH}`, draft: true });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      number: 2,
      state: 'open',
      draft: true,
      merged: false,
      mergeable: null,
      mergeable_state: 'unknown',
      head: { ref: BRANCH, sha, label: `ada:${BRANCH}` },
      base: { ref: 'trunk', sha: github.branchSha(repo, 'trunk') },
      commits: 1,
      additions: 1,
      deletions: 1,
      changed_files: 1,
    });
    const issues = await wendy('GET', `/repos/${repo}/issues`);
    expect(issues.body.map((issue: object) => 'pull_request' in issue)).toEqual([true, false]);
    expect(github.pullRequests(repo)).toMatchObject([{ number: 2, title: 'Stop the leak', headSha: sha }]);
    expect(await github.diff(repo, 'trunk', BRANCH)).toMatch(/-three\n\+four$/);
  });

  test('a head or base that is not there is invalid', async () => {
    const head = { resource: 'PullRequest', field: 'head', code: 'invalid' };
    expect(errorsOf(await wendy('POST', pulls, WISH))).toEqual([head]);
    await pushChange();
    const base = await wendy('POST', pulls, { ...WISH, base: 'main' });
    expect(errorsOf(base)).toEqual([{ ...head, field: 'base' }]);
  });

  test('a head without commits of its own, or without anything in common, is refused', async () => {
    await work.git('push', '--quiet', 'origin', BRANCH);
    const custom = { resource: 'PullRequest', code: 'custom' };
    expect(errorsOf(await wendy('POST', pulls, WISH))).toEqual([
      { ...custom, message: `No commits between trunk and ${BRANCH}` },
    ]);
    await work.git('checkout', '--quiet', '--orphan', 'other');
    await work.commit({ 'other.txt': 'other\n' });
    await work.git('push', '--quiet', 'origin', 'other');
    expect(errorsOf(await wendy('POST', pulls, { ...WISH, head: 'other' }))).toEqual([
      { ...custom, message: 'The other branch has no history in common with trunk' },
    ]);
  });

  test('only one of many at once opens, the others hear that it exists; a closed one is no hindrance', async () => {
    await pushChange();
    const replies = await Promise.all([1, 2, 3, 4].map(() => wendy('POST', pulls, WISH)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422]);
    const refused = replies.filter(({ status }) => status === 422);
    const message = `A pull request already exists for ada:${BRANCH}.`;
    for (const reply of refused) {
      expect(errorsOf(reply)).toEqual([{ resource: 'PullRequest', code: 'custom', message }]);
    }
    await wendy('PATCH', `${pulls}/2`, { state: 'closed' });
    expect((await wendy('POST', pulls, WISH)).body.number).toBe(3);
  });

  test('readers may not open one, and its body has a limit', async () => {
    await pushChange();
    expect((await as(github, 'rita')('POST', pulls, WISH)).status).toBe(403);
    const long = await wendy('POST', pulls, { ...WISH, body: 'x'.repeat(65_537) });
    expect(errorsOf(long)).toMatchObject([{ field: 'body', message: expect.stringMatching(/too long/) }]);
  });
});

describe('following its branch', () => {
  test('a push moves the head and updated_at, and mergeability has to be worked out again', async () => {
    const first = await pushChange();
    await wendy('POST', pulls, WISH);
    const state = async () => {
      const { body } = await wendy('GET', `${pulls}/2`);
      return [body.head.sha, body.mergeable, body.mergeable_state];
    };
    expect(await state()).toEqual([first, true, 'clean']);
    time += 10_000;
    const second = await pushChange('one\n');
    expect(await state()).toEqual([second, null, 'unknown']);
    expect(await state()).toEqual([second, true, 'clean']);
    await github.commit(repo, { files: { 'pump.txt': 'zero\n' }, message: 'Replace the pump' });
    expect(await state()).toEqual([second, null, 'unknown']);
    expect(await state()).toEqual([second, false, 'dirty']);
    expect((await wendy('GET', `${pulls}/2`)).body.updated_at).toBe('2026-11-20T10:00:10Z');
  });

  test('deleting the branch closes it, and its commits stay to be had', async () => {
    const sha = await pushChange();
    await wendy('POST', pulls, WISH);
    await work.git('push', '--quiet', 'origin', `:${BRANCH}`);
    expect((await wendy('GET', `${pulls}/2`)).body).toMatchObject({ state: 'closed', merged: false });
    const events = (await wendy('GET', `/repos/${repo}/issues/2/events`)).body;
    expect(events.map((event: { event: string }) => event.event)).toEqual(['head_ref_deleted', 'closed']);
    expect(await work.git('ls-remote', 'origin', 'refs/pull/2/head')).toBe(`${sha}\trefs/pull/2/head`);
    const reopened = await wendy('PATCH', `${pulls}/2`, { state: 'open' });
    expect(reopened.status).toBe(422);
  });
});

describe('finding and changing', () => {
  test('the list is filtered by head, base and state; a head without its owner filters nothing', async () => {
    await pushChange();
    await wendy('POST', pulls, WISH);
    const count = async (query: string) => (await wendy('GET', `${pulls}?${query}`)).body.length;
    expect(await count(`head=ada:${BRANCH}`)).toBe(1);
    expect(await count('head=ada:other')).toBe(0);
    expect(await count('head=other')).toBe(1);
    expect(await count('base=main')).toBe(0);
    await wendy('PATCH', `${pulls}/2`, { state: 'closed' });
    expect(await count(`head=ada:${BRANCH}`)).toBe(0);
    expect(await count(`head=ada:${BRANCH}&state=all`)).toBe(1);
  });

  test('title and body change, and what is not named stays', async () => {
    await pushChange();
    await wendy('POST', pulls, WISH);
    const reply = await wendy('PATCH', `${pulls}/2`, { body: 'Better' });
    expect(reply.body).toMatchObject({ title: 'Stop the leak', body: 'Better' });
    expect((await as(github, 'rita')('PATCH', `${pulls}/2`, { body: 'Mine' })).status).toBe(403);
    expect((await wendy('GET', `${pulls}/1`)).status).toBe(404);
  });
});

describe('merging', () => {
  test('refuses a stale head with 409, a draft and a conflict with 405', async () => {
    const stale = await pushChange();
    await wendy('POST', pulls, WISH);
    await pushChange('one\n');
    const merge = (sha?: string) => wendy('PUT', `${pulls}/2/merge`, sha === undefined ? {} : { sha });
    const refused = await merge(stale);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      'Head branch was modified. Review and try the merge again.',
    ]);
    await github.commit(repo, { files: { 'pump.txt': 'zero\n' }, message: 'Replace the pump' });
    expect((await merge()).status).toBe(405);
    await wendy('PATCH', `${pulls}/2`, { state: 'closed' });
    await wendy('POST', pulls, { ...WISH, draft: true });
    const draft = await wendy('PUT', `${pulls}/3/merge`, {});
    expect([draft.status, draft.body.message]).toEqual([405, 'Pull Request is still a draft']);
    expect(github.issueState(repo, 1)).toBe('open');
  });

  test('moves the default branch and closes the issue that the body names', async () => {
    const sha = await pushChange();
    await wendy('POST', pulls, WISH);
    expect((await as(github, 'rita')('PUT', `${pulls}/2/merge`, {})).status).toBe(403);
    const reply = await wendy('PUT', `${pulls}/2/merge`, { sha });
    expect(reply.body).toMatchObject({ merged: true, sha: github.branchSha(repo, 'trunk') });
    expect(await github.readFile(repo, 'trunk', 'pump.txt')).toBe('one\ntwo\nfour\n');
    expect((await wendy('GET', `${pulls}/2`)).body).toMatchObject({ state: 'closed', merged: true });
    expect((await wendy('GET', `/repos/${repo}/issues/1`)).body).toMatchObject({
      state: 'closed',
      closed_by: { login: 'wendy' },
    });
  });

  test('squashes into one commit, and closes nothing from a branch that is not the default one', async () => {
    const trunk = github.branchSha(repo, 'trunk');
    await github.commit(repo, { branch: 'next', files: { 'next.txt': 'next\n' }, message: 'Begin' });
    await pushChange();
    await wendy('POST', pulls, { ...WISH, base: 'next' });
    const reply = await wendy('PUT', `${pulls}/2/merge`, { merge_method: 'squash' });
    const branch = await wendy('GET', `/repos/${repo}/branches/next`);
    expect(branch.body.commit).toMatchObject({ sha: reply.body.sha, parents: [{}] });
    expect(github.branchSha(repo, 'trunk')).toBe(trunk);
    expect(github.issueState(repo, 1)).toBe('open');
  });
});

test('refs, branches and checks are found by names with slashes', async () => {
  const sha = await pushChange();
  const ref = await wendy('GET', `/repos/${repo}/git/ref/${encodeURIComponent(`heads/${BRANCH}`)}`);
  expect(ref.body).toMatchObject({ ref: `refs/heads/${BRANCH}`, object: { sha, type: 'commit' } });
  const branch = await wendy('GET', `/repos/${repo}/branches/${BRANCH}`);
  expect(branch.body).toMatchObject({ name: BRANCH, commit: { sha, commit: { author: { name: 'Wendy' } } } });
  expect((await wendy('GET', `/repos/${repo}/commits/${BRANCH}/check-runs`)).body.total_count).toBe(0);
  expect((await wendy('GET', `/repos/${repo}/commits/${sha}/status`)).body).toMatchObject({
    sha,
    state: 'pending',
  });
  expect((await wendy('GET', `/repos/${repo}/branches/other`)).body.message).toBe('Branch not found');
  expect((await wendy('GET', `/repos/${repo}/git/ref/heads/other`)).status).toBe(404);
});
