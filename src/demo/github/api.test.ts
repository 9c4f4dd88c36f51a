import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { as, rawStatus } from '../../../test/support/github-request.ts';
import { checkExchanges, type ExchangeCheck } from '../../../test/support/openapi-check.ts';
import { type DemoGitHub, startGitHub } from '../github-server.ts';

const HOUR = 3_600_000;

let time: number;
let check: ExchangeCheck;
let github: DemoGitHub;
let repo: string;

beforeEach(async () => {
  time = Date.parse('2026-11-20T10:00:00.750Z');
  check = checkExchanges();
  const users = ['ada', 'wendy', 'tristan', 'rita', 'sam'];
  github = await startGitHub({ users, clock: { now: () => time }, rateLimit: 100, observe: check.observe });
  const collaborators = { wendy: 'write', tristan: 'triage', rita: 'read' } as const;
  repo = await github.addRepository({
    owner: 'ada',
    name: 'pump',
    private: true,
    empty: true,
    collaborators,
  });
});

afterEach(async () => {
  await github.close();
  expect(check.findings()).toEqual([]);
});

describe('who may do what', () => {
  test('an unknown token is refused, whatever it asks for', async () => {
    const reply = await as(github, { token: 'ghp_wrong' })('GET', '/rate_limit');
    expect([reply.status, reply.body.message]).toEqual([401, 'Bad credentials']);
  });

  test('a private repository is not there for a stranger, for nobody, or for a token without the scope', async () => {
    const narrow = { token: github.addToken('ada', ['public_repo']) };
    for (const who of ['sam', null, narrow]) {
      const reply = await as(github, who)('GET', `/repos/${repo}`);
      expect([reply.status, reply.body.message]).toEqual([404, 'Not Found']);
    }
  });

  test('the name of a repository ignores case', async () => {
    const reply = await as(github, 'rita')('GET', `/repos/${repo.toUpperCase()}`);
    expect([reply.status, reply.body.full_name]).toEqual([200, repo]);
  });

  test('classic tokens name their scopes, fine-grained ones have none', async () => {
    const fine = { token: github.addToken('ada', null) };
    expect((await as(github, 'ada')('GET', '/user')).headers.get('x-oauth-scopes')).toBe('repo');
    expect((await as(github, fine)('GET', '/user')).headers.get('x-oauth-scopes')).toBeNull();
  });

  test('/user says who a token belongs to and refuses nobody', async () => {
    expect((await as(github, 'rita')('GET', '/user')).body.login).toBe('rita');
    expect((await as(github, null)('GET', '/user')).status).toBe(401);
  });

  test('a write needs the right to it', async () => {
    const number = github.openIssue({ repo, title: 'Leak', body: null, author: 'rita' });
    const reply = await as(github, 'rita')('POST', `/repos/${repo}/issues/${number}/labels`, {
      labels: ['x'],
    });
    expect([reply.status, reply.body.message]).toEqual([
      403,
      'Resource not accessible by personal access token',
    ]);
    expect(github.labels(repo, number)).toEqual([]);
  });

  test('a write by nobody wants credentials, and an archived repository takes none', async () => {
    const open = await github.addRepository({ owner: 'ada', name: 'open', empty: true });
    const old = await github.addRepository({ owner: 'ada', name: 'old', archived: true, empty: true });
    const comment = { body: 'Hello' };
    github.openIssue({ repo: open, title: 'Leak', body: null, author: 'sam' });
    github.openIssue({ repo: old, title: 'Leak', body: null, author: 'sam' });
    expect((await as(github, null)('POST', `/repos/${open}/issues/1/comments`, comment)).status).toBe(401);
    expect((await as(github, 'sam')('POST', `/repos/${open}/issues/1/comments`, comment)).status).toBe(201);
    const reply = await as(github, 'ada')('POST', `/repos/${old}/issues/1/comments`, comment);
    expect([reply.status, reply.body.message]).toEqual([403, 'Repository was archived so is read-only.']);
  });

  test.each([
    ['ada', 'admin', 'admin'],
    ['wendy', 'write', 'write'],
    ['tristan', 'read', 'triage'],
    ['rita', 'read', 'read'],
    ['sam', 'none', 'none'],
  ])('%s has the permission %s and the role %s', async (login, permission, role) => {
    const reply = await as(github, 'ada')('GET', `/repos/${repo}/collaborators/${login}/permission`);
    expect(reply.body).toMatchObject({ permission, role_name: role });
  });

  test('a stranger may read a public repository, nobody unknown is a user, and only writers may ask', async () => {
    const open = await github.addRepository({ owner: 'ada', name: 'open', empty: true });
    const path = `/repos/${open}/collaborators`;
    expect((await as(github, 'ada')('GET', `${path}/sam/permission`)).body.permission).toBe('read');
    expect((await as(github, 'ada')('GET', `${path}/nobody/permission`)).status).toBe(404);
    expect((await as(github, 'sam')('GET', `${path}/sam/permission`)).status).toBe(403);
  });
});

describe('conditional requests and the rate limit', () => {
  test('an unchanged list answers 304 without a body and costs nothing; a change answers anew', async () => {
    const number = github.openIssue({ repo, title: 'Leak', body: null, author: 'rita' });
    github.label(repo, number, 'forge', 'wendy');
    const list = (etag: string) =>
      as(github, 'wendy')('GET', `/repos/${repo}/issues?labels=forge`, undefined, { 'if-none-match': etag });
    const first = await list('"none"');
    const etag = first.headers.get('etag') ?? '';
    const second = await list(etag);
    expect([second.status, second.body]).toEqual([304, null]);
    expect(second.headers.get('etag')).toBe(etag);
    expect(second.headers.get('x-ratelimit-used')).toBe(first.headers.get('x-ratelimit-used'));
    github.comment(repo, number, 'Still leaks', 'rita');
    expect((await list(etag)).status).toBe(200);
  });

  test('an ETag belongs to one URL and one account', async () => {
    const path = `/repos/${repo}/issues`;
    const etag = (await as(github, 'wendy')('GET', path)).headers.get('etag') ?? '';
    const header = { 'if-none-match': etag };
    expect((await as(github, 'ada')('GET', path, undefined, header)).status).toBe(200);
    expect((await as(github, 'wendy')('GET', `${path}?state=all`, undefined, header)).status).toBe(200);
  });

  test('requests use up the limit of their account, until the hour is over', async () => {
    for (let n = 0; n < 100; n += 1) await as(github, 'ada')('GET', '/user');
    const refused = await as(github, 'ada')('GET', '/user');
    expect([refused.status, refused.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
    expect(refused.body.message).toMatch(/^API rate limit exceeded/);
    expect(Number(refused.headers.get('x-ratelimit-reset'))).toBe(Math.ceil((time + HOUR) / 1000));
    const free = await as(github, 'ada')('GET', '/rate_limit');
    expect([free.status, free.body.rate.remaining]).toEqual([200, 0]);
    expect((await as(github, 'wendy')('GET', '/user')).status).toBe(200);
    time += HOUR;
    expect((await as(github, 'ada')('GET', '/user')).headers.get('x-ratelimit-remaining')).toBe('99');
  });
});

test('a request without a User-Agent is refused', async () => {
  expect(await rawStatus(`${github.apiUrl}/rate_limit`)).toBe(403);
});

test('what a person does with things that are not there throws', () => {
  expect(() => github.label(repo, 7, 'forge', 'ada')).toThrow('there is no ada/pump#7 on this GitHub');
  expect(() => github.openIssue({ repo, title: 'Leak', body: null, author: 'nobody' })).toThrow(/no nobody/);
});

describe('paths', () => {
  test('a renamed repository redirects to its id, which works', async () => {
    github.openIssue({ repo, title: 'Leak', body: null, author: 'rita' });
    const renamed = github.renameRepository(repo, 'valve');
    const reply = await as(github, 'ada')('GET', `/repos/${repo}/issues?state=all`);
    expect(reply.status).toBe(301);
    const followed = await as(github, 'ada')('GET', reply.headers.get('location') ?? '');
    expect(followed.body).toMatchObject([{ title: 'Leak', html_url: `${github.url}/${renamed}/issues/1` }]);
    expect((await as(github, 'sam')('GET', `/repos/${repo}`)).status).toBe(404);
  });

  test('the log keeps each request apart from its authorization', async () => {
    await as(github, 'ada')('GET', `/repos/${repo}/issues?state=all`);
    const seen = github.requests.at(-1);
    expect(seen).toMatchObject({
      kind: 'api',
      method: 'GET',
      path: `/repos/${repo}/issues`,
      query: 'state=all',
      user: 'ada',
      status: 200,
      authorization: `Bearer ${github.account('ada').token}`,
    });
    expect(JSON.stringify(seen?.headers)).not.toContain(github.account('ada').token);
  });

  test('a path that climbs, or that cannot be decoded, is refused before anybody looks at it', async () => {
    for (const path of ['/repos/%2e%2e%2f%2e%2e/x', '/repos/ada/%ff']) {
      expect((await as(github, 'ada')('GET', path)).status).toBe(400);
    }
  });
});
