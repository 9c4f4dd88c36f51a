import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { type Reply, type Script, scriptedServer } from '../../test/support/scripted-server.ts';
import { ForgeError } from '../errors.ts';
import { parseRepoName } from '../task/ids.ts';
import { checkAccess, refusalToStart } from './access.ts';
import { GitHub } from './client.ts';

const REPO = parseRepoName('acme/app');
const TOKEN = 'ghp_0123456789secret';
const SHA = 'a'.repeat(40);
const NOW = Date.parse('2026-03-01T12:00:00Z');

interface Parts {
  /** Behind the server's own address, as on GitHub Enterprise Server. */
  path?: string;
  token?: string;
  deadlineMs?: number;
  log?: Writable;
}

async function gitHub(script: Script, { path = '', token = TOKEN, deadlineMs, log }: Parts = {}) {
  const server = await scriptedServer(script);
  let now = NOW;
  const github = new GitHub({
    apiUrl: `${server.url}${path}`,
    token: () => token,
    clock: { now: () => now },
    logger: log === undefined ? pino({ enabled: false }) : pino({ level: 'trace' }, log),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    github,
    requests: server.requests,
    asked: () => server.requests.map(({ method, url }) => `${method} ${url}`),
    wait: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function failureOf(promise: Promise<unknown>): Promise<ForgeError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ForgeError)) throw new Error(`expected a ForgeError, got ${String(outcome)}`);
  return outcome;
}

const issue = (number: number, more: object = {}) => ({
  number,
  title: `Issue ${number}`,
  body: null,
  user: { login: 'ann', id: 7, type: 'User' },
  labels: [{ id: 1, name: 'forge', color: 'fff' }, 'plain'],
  state: 'open',
  locked: false,
  html_url: `https://example.org/${number}`,
  updated_at: '2026-03-01T11:00:00Z',
  ...more,
});

const pull = (number: number, more: object = {}) => ({
  number,
  html_url: `https://example.org/pull/${number}`,
  state: 'open',
  draft: false,
  head: { ref: 'forge/issue-1', sha: SHA, repo: null },
  base: { ref: 'main' },
  body: null,
  ...more,
});

const event = (id: number | string, kind: string, at: string, more: object = {}) => ({
  id,
  event: kind,
  actor: { login: 'ann', id: 7 },
  label: { name: 'forge' },
  created_at: `2026-03-01T11:${at}Z`,
  ...more,
});

const LIST_URL = '/repos/acme/app/issues?labels=forge&state=open&sort=updated&direction=desc&per_page=100';

describe('the list of labelled issues', () => {
  test('is asked for at one constant URL, as forge, and comes without pull requests', async () => {
    await using server = await gitHub(() => ({
      headers: { etag: 'W/"one"' },
      body: [issue(3), issue(2, { pull_request: { url: 'x' } })],
    }));
    const list = await server.github.labelledIssues(REPO, 'forge', null);
    expect(list).toEqual({
      kind: 'changed',
      etag: 'W/"one"',
      issues: [
        {
          number: 3,
          title: 'Issue 3',
          body: '',
          author: { login: 'ann', id: 7 },
          labels: ['forge', 'plain'],
          state: 'open',
          locked: false,
          url: 'https://example.org/3',
          updatedAt: NOW - 3_600_000,
        },
      ],
    });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'GET', url: LIST_URL });
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      accept: 'application/vnd.github+json',
      'user-agent': expect.stringMatching(/^forge\/\d+\.\d+\.\d+$/),
      'x-github-api-version': '2022-11-28',
    });
    expect(request?.headers).not.toHaveProperty('if-none-match');
  });

  test('sends the ETag as it came and takes 304 for unchanged', async () => {
    await using server = await gitHub(() => ({ status: 304 }));
    expect(await server.github.labelledIssues(REPO, 'forge', 'W/"one"')).toEqual({ kind: 'unchanged' });
    expect(server.requests[0]?.headers['if-none-match']).toBe('W/"one"');
  });

  test('follows pages at its own address, wherever the links point, and lists each issue once', async () => {
    await using server = await gitHub(
      ({ url }) =>
        url.includes('page=3')
          ? { body: [issue(1)] }
          : {
              headers: {
                etag: '"page"',
                link: `<https://elsewhere.example/x?baseUrl=http://evil.example&page=${url.includes('page=2') ? 3 : 2}>; rel="next", <https://elsewhere.example/x?page=3>; rel="last"`,
              },
              body: [issue(url.includes('page=2') ? 2 : 3), issue(3)],
            },
      { path: '/api/v3/' },
    );
    const list = await server.github.labelledIssues(REPO, 'forge', '"old"');
    expect(list).toMatchObject({ etag: '"page"', issues: [{ number: 3 }, { number: 2 }, { number: 1 }] });
    expect(server.asked()).toEqual(['', '&page=2', '&page=3'].map((page) => `GET /api/v3${LIST_URL}${page}`));
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      '"old"',
      undefined,
      undefined,
    ]);
  });

  test('is read where ETag, content type and optional fields are missing', async () => {
    const bare = { number: 1, title: 'Bare', updated_at: '2026-03-01T11:00:00Z', user: null, labels: [] };
    await using server = await gitHub(() => ({ headers: { 'content-type': 'text/plain' }, body: [bare] }));
    expect(await server.github.labelledIssues(REPO, 'forge', null)).toMatchObject({
      etag: null,
      issues: [{ number: 1, body: '', state: 'open', locked: false, author: { login: 'ghost' } }],
    });
  });

  test('that never ends is given up', async () => {
    await using server = await gitHub(() => ({
      headers: { link: '<http://x/?page=2>; rel="next"' },
      body: [],
    }));
    expect(await failureOf(server.github.labelledIssues(REPO, 'forge', null))).toMatchObject({
      category: 'unavailable',
      data: { code: 'PAGES' },
    });
    expect(server.requests).toHaveLength(100);
  });

  test('has a key that differs by token and label and holds no token', async () => {
    await using one = await gitHub(() => ({}));
    await using other = await gitHub(() => ({}), { token: 'another' });
    const key = one.github.issueListKey(REPO, 'forge');
    expect(key).toContain(LIST_URL);
    expect(key).toBe(one.github.issueListKey(REPO, 'forge'));
    expect(key).not.toContain(TOKEN);
    expect(key.split(' ')[0]).not.toBe(other.github.issueListKey(REPO, 'forge').split(' ')[0]);
    expect(key).not.toBe(one.github.issueListKey(REPO, 'other'));
  });
});

test('label events come from all pages, oldest first, whatever their ids are', async () => {
  await using server = await gitHub(({ url }) =>
    url.includes('page=2')
      ? { body: [event('LE_3', 'labeled', '03:00', { actor: null })] }
      : {
          headers: { link: '</repos/acme/app/issues/5/events?per_page=100&page=2>; rel="next"' },
          body: `[${JSON.stringify(event(1, 'unlabeled', '02:00')).replace('"id":1', '"id":12345678901234567890')},
            ${JSON.stringify(event(9, 'closed', '02:30', { label: undefined }))},
            ${JSON.stringify(event(2, 'labeled', '01:00'))}]`,
        },
  );
  expect(await server.github.labelEvents(REPO, 5)).toEqual([
    { id: '2', kind: 'labeled', label: 'forge', actor: { login: 'ann', id: 7 }, at: NOW - 59 * 60_000 },
    {
      id: '12345678901234567890',
      kind: 'unlabeled',
      label: 'forge',
      actor: { login: 'ann', id: 7 },
      at: NOW - 58 * 60_000,
    },
    { id: 'LE_3', kind: 'labeled', label: 'forge', actor: null, at: NOW - 57 * 60_000 },
  ]);
  expect(server.asked()[0]).toBe('GET /repos/acme/app/issues/5/events?per_page=100');
});

test.each([
  [{ permission: 'write', role_name: 'maintain' }, 'maintain'],
  [{ permission: 'read', role_name: 'triage' }, 'triage'],
  [{ permission: 'write', role_name: 'release-manager' }, 'write'],
  [{ permission: 'admin' }, 'admin'],
  [{ permission: 'something new' }, 'none'],
  [{}, 'none'],
])('the answer %o about a collaborator means %s', async (body, expected) => {
  await using server = await gitHub(() => ({ body }));
  expect(await server.github.permission(REPO, 'renovate[bot]')).toBe(expected);
  expect(server.asked()).toEqual(['GET /repos/acme/app/collaborators/renovate%5Bbot%5D/permission']);
});

test('an account that GitHub does not know may do nothing', async () => {
  await using server = await gitHub(() => ({ status: 404, body: { message: 'Not Found' } }));
  expect(await server.github.permission(REPO, 'nobody')).toBe('none');
});

test('a repository tells its names as they are today', async () => {
  await using server = await gitHub(() => ({
    body: {
      full_name: 'acme/renamed',
      default_branch: 'trunk/x',
      clone_url: 'http://127.0.0.1/acme/renamed.git',
      private: true,
    },
  }));
  expect(await server.github.repository(REPO)).toEqual({
    name: 'acme/renamed',
    defaultBranch: 'trunk/x',
    cloneUrl: 'http://127.0.0.1/acme/renamed.git',
    private: true,
    archived: false,
  });
});

describe('comments and labels', () => {
  const comment = {
    id: 4_000_000_000,
    body: 'Hi',
    user: null,
    created_at: '2026-03-01T11:00:00Z',
    html_url: 'u',
  };

  test('are written as GitHub wants them', async () => {
    await using server = await gitHub(({ method }) => ({ body: method === 'DELETE' ? [] : comment }));
    const { github, requests } = server;
    expect(await github.createComment(REPO, 5, 'Hi')).toMatchObject({
      id: 4_000_000_000,
      author: { login: 'ghost' },
    });
    await github.updateComment(REPO, 4_000_000_000, 'Bye');
    await github.addLabel(REPO, 5, 'forge:running');
    await github.removeLabel(REPO, 5, 'forge:running');
    expect(
      requests.map(({ method, url, body }) => [method, url, body === '' ? null : JSON.parse(body)]),
    ).toEqual([
      ['POST', '/repos/acme/app/issues/5/comments', { body: 'Hi' }],
      ['PATCH', '/repos/acme/app/issues/comments/4000000000', { body: 'Bye' }],
      ['POST', '/repos/acme/app/issues/5/labels', { labels: ['forge:running'] }],
      ['DELETE', '/repos/acme/app/issues/5/labels/forge%3Arunning', null],
    ]);
  });

  test('are read', async () => {
    await using server = await gitHub(({ url }) => ({
      body: url.includes('labels') ? [{ name: 'forge' }] : url.includes('comments') ? [comment] : issue(5),
    }));
    expect(await server.github.issueLabels(REPO, 5)).toEqual(['forge']);
    expect(await server.github.comments(REPO, 5)).toMatchObject([{ body: 'Hi', updatedAt: NOW - 3_600_000 }]);
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5, labels: ['forge', 'plain'] });
  });

  test('removing a label that is gone is fine', async () => {
    await using server = await gitHub(() => ({ status: 404, body: { message: 'Label does not exist' } }));
    await server.github.removeLabel(REPO, 5, 'forge:running');
    expect(server.requests).toHaveLength(1);
  });
});

test('a branch is known by its sha, and unknown where it is missing or renamed', async () => {
  const names: Record<string, Reply> = {
    'forge%2Fx': { body: { name: 'forge/x', commit: { sha: SHA } } },
    old: { body: { name: 'new', commit: { sha: SHA } } },
  };
  await using server = await gitHub(
    ({ url }) =>
      names[url.split('/branches/')[1] ?? ''] ?? { status: 404, body: { message: 'Branch not found' } },
  );
  expect(await server.github.branchSha(REPO, 'forge/x')).toBe(SHA);
  expect(await server.github.branchSha(REPO, 'old')).toBeNull();
  expect(await server.github.branchSha(REPO, 'none')).toBeNull();
});

describe('pull requests', () => {
  const NEW = { head: 'forge/issue-1', base: 'main', title: 'T', body: 'B', draft: true };

  test('are opened', async () => {
    await using server = await gitHub(() => ({ status: 201, body: pull(8, { draft: true, merged: false }) }));
    expect(await server.github.openPullRequest(REPO, NEW)).toEqual({
      number: 8,
      url: 'https://example.org/pull/8',
      state: 'open',
      merged: false,
      draft: true,
      headSha: SHA,
      headRef: 'forge/issue-1',
      baseRef: 'main',
      body: '',
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual(NEW);
  });

  test('the open one of a branch is found before newer ones that were closed', async () => {
    await using server = await gitHub(() => ({
      body: [
        pull(9, { state: 'closed', merged_at: '2026-03-01T11:00:00Z' }),
        pull(4),
        pull(11, { head: { ref: 'another', sha: SHA } }),
      ],
    }));
    expect(await server.github.findPullRequest(REPO, 'forge/issue-1')).toMatchObject({ number: 4 });
    expect(server.asked()).toEqual([
      'GET /repos/acme/app/pulls?head=acme%3Aforge%2Fissue-1&state=all&per_page=100',
    ]);
  });

  test('else the newest; a list tells a merge only by its time', async () => {
    await using server = await gitHub(() => ({
      body: [pull(4, { state: 'closed' }), pull(9, { state: 'closed', merged_at: '2026-03-01T11:00:00Z' })],
    }));
    const found = await server.github.findPullRequest(REPO, 'forge/issue-1');
    expect(found).toMatchObject({ number: 9, state: 'closed', merged: true });
  });

  test('none at all is null', async () => {
    await using server = await gitHub(() => ({ body: [] }));
    expect(await server.github.findPullRequest(REPO, 'forge/issue-1')).toBeNull();
  });

  const ALREADY: Reply = {
    status: 422,
    body: {
      message: 'Validation Failed',
      errors: [
        { resource: 'PullRequest', code: 'custom', message: 'A pull request already exists for acme:x.' },
      ],
    },
  };

  test('one that is there already is the one', async () => {
    await using server = await gitHub(({ method }) => (method === 'POST' ? ALREADY : { body: [pull(4)] }));
    expect(await server.github.openPullRequest(REPO, NEW)).toMatchObject({ number: 4 });
  });

  test('"already exists" without an open one stays an error', async () => {
    await using server = await gitHub(({ method }) => (method === 'POST' ? ALREADY : { body: [] }));
    const error = await failureOf(server.github.openPullRequest(REPO, NEW));
    expect(error).toMatchObject({ category: 'invalid' });
    expect(error.message).toContain('A pull request already exists');
  });

  test('are changed and read by number', async () => {
    await using server = await gitHub(() => ({ body: pull(4) }));
    await server.github.updatePullRequest(REPO, 4, { body: 'New' });
    expect(await server.github.pullRequest(REPO, 4)).toMatchObject({ number: 4 });
    expect(server.asked()).toEqual(['PATCH /repos/acme/app/pulls/4', 'GET /repos/acme/app/pulls/4']);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ body: 'New' });
  });
});

describe('errors', () => {
  test.each([
    [401, 'unauthorized', 'check GITHUB_TOKEN'],
    [403, 'forbidden', 'GITHUB_TOKEN'],
    [404, 'not_found', 'check the name'],
    [410, 'not_found', 'check the name'],
    [422, 'invalid', 'see what GitHub says'],
    [500, 'unavailable', 'GITHUB_API_URL'],
  ])('%i is %s and says the next step', async (status, category, next) => {
    await using server = await gitHub(() => ({ status, body: { message: 'Because' } }));
    const error = await failureOf(server.github.issue(REPO, 5));
    expect(error).toMatchObject({ category, service: 'github', retryAt: undefined });
    expect(error.message).toBe(`GitHub answered ${status} to GET /repos/acme/app/issues/5: Because`);
    expect(error.next).toContain(next);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['truncated JSON', { body: '{"number": 5, "tit' }],
    ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in to the proxy</html>' }],
    ['nothing', {}],
    ['a list instead of an issue', { body: [] }],
    ['an issue without its number', { body: issue(5, { number: null }) }],
  ])('%s is unavailable and names the endpoint', async (_, reply) => {
    await using server = await gitHub(() => reply);
    const error = await failureOf(server.github.issue(REPO, 5));
    expect(error).toMatchObject({ category: 'unavailable', data: { code: 'NOT_UNDERSTOOD' } });
    expect(error.message).toContain('GET /repos/acme/app/issues/5');
  });

  test('a sha or name that is none is not let in', async () => {
    await using server = await gitHub(({ url }) => ({
      body: url.includes('pulls')
        ? pull(4, { head: { ref: 'x', sha: '../../etc' } })
        : { full_name: '../x', default_branch: 'main', clone_url: 'http://127.0.0.1/x.git' },
    }));
    expect(await failureOf(server.github.pullRequest(REPO, 4))).toMatchObject({ category: 'unavailable' });
    expect(await failureOf(server.github.repository(REPO))).toMatchObject({ category: 'unavailable' });
  });

  test.each([502, 503, 504])('a GET that met a %i is tried once more, at once', async (status) => {
    let tries = 0;
    await using server = await gitHub(() =>
      tries++ === 0 ? { status, body: '<html>' } : { body: issue(5) },
    );
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5 });
    expect(server.requests).toHaveLength(2);
  });

  test('so is one whose connection was cut, and no third time', async () => {
    await using server = await gitHub(() => ({ fault: 'cut' }));
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ category: 'unavailable' });
    expect(server.requests).toHaveLength(2);
  });

  test.each([{ status: 502 }, { fault: 'cut' }] as const)(
    'a write that met %o is not repeated',
    async (reply) => {
      await using server = await gitHub(() => reply);
      expect(await failureOf(server.github.createComment(REPO, 5, 'Hi'))).toMatchObject({
        category: 'unavailable',
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  test('a slow answer ends at the deadline and is not waited for again', async () => {
    await using server = await gitHub(() => ({ fault: 'hang' }), { deadlineMs: 50 });
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ data: { code: 'DEADLINE' } });
    expect(server.requests).toHaveLength(1);
  });

  test('every call can be called off', async () => {
    await using server = await gitHub(() => ({ fault: 'hang' }));
    const error = await failureOf(server.github.issue(REPO, 5, AbortSignal.abort()));
    expect(error).toMatchObject({ data: { code: 'ABORTED' } });
    expect(server.requests).toHaveLength(0);
  });
});

describe('limits', () => {
  test('after a secondary limit nothing leaves until retry-after has passed', async () => {
    let limited = true;
    await using server = await gitHub(() =>
      limited
        ? {
            status: 403,
            headers: { 'retry-after': '60' },
            body: { message: 'You have exceeded a secondary rate limit' },
          }
        : { body: issue(5) },
    );
    const expected = { category: 'unavailable', retryAt: NOW + 60_000 };
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject(expected);
    limited = false;
    server.wait(59_999);
    expect(await failureOf(server.github.createComment(REPO, 6, 'Hi'))).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
    server.wait(1);
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5 });
  });

  test('the primary limit is left alone until its reset, also when its last unit gave an answer', async () => {
    const reset = String(NOW / 1000 + 1200);
    await using server = await gitHub(() => ({
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      body: issue(5),
    }));
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5 });
    expect(server.github.rateLimit()).toEqual({ remaining: 0, resetAt: NOW + 1_200_000 });
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ retryAt: NOW + 1_200_000 });
    expect(server.requests).toHaveLength(1);
  });

  test('a 503 with retry-after is a limit, not worth a second try at once', async () => {
    await using server = await gitHub(() => ({ status: 503, headers: { 'retry-after': '5' } }));
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ retryAt: NOW + 5_000 });
    expect(server.requests).toHaveLength(1);
  });
});

describe('the token', () => {
  test('is in no error and no log line, even where the server repeats it', async () => {
    const lines: string[] = [];
    const log = new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const answers: Reply[] = [
      { status: 422, body: { message: `No, ${TOKEN}`, errors: [`Bearer ${TOKEN}`] } },
      { status: 401, body: { message: 'Bad credentials' } },
      { body: `"${TOKEN}` },
      { fault: 'cut' },
      { fault: 'hang' },
      { status: 301, headers: { location: 'http://127.0.0.1:1/' } },
    ];
    for (const answer of answers) {
      await using server = await gitHub(() => answer, { deadlineMs: 50, log });
      const error = await failureOf(server.github.createComment(REPO, 5, 'Hi'));
      expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(TOKEN);
    }
    expect(lines.join('')).toContain('POST /repos/acme/app/issues/5/comments');
    expect(lines.join('')).not.toContain(TOKEN);
  });

  test.each(['', 'two words', 'line\nbreak', 'schlüssel'])(
    '%j is refused before anything is sent',
    async (token) => {
      await using server = await gitHub(() => ({}), { token });
      const error = await failureOf(server.github.issue(REPO, 5));
      expect(error).toMatchObject({ category: 'unauthorized', next: 'check GITHUB_TOKEN' });
      expect(server.requests).toHaveLength(0);
    },
  );
});

describe('access at start', () => {
  const OTHER = parseRepoName('acme/other');
  const ok: Reply = {
    body: { full_name: 'acme/app', default_branch: 'main', clone_url: 'http://127.0.0.1/a.git' },
  };
  const missing: Reply = { status: 404, body: { message: 'Not Found' } };
  const refused: Reply = { status: 401, body: { message: 'Bad credentials' } };

  test.each([
    ['both answer', ok, ok, ['ok', 'ok'], null],
    ['one is missing', missing, ok, ['failed', 'ok'], null],
    ['both are missing', missing, missing, ['failed', 'failed'], 'not_found'],
    ['the token is refused by one', ok, refused, ['ok', 'failed'], 'unauthorized'],
  ])('when %s', async (_, app, other, kinds, refusal) => {
    await using server = await gitHub(({ url }) => (url === '/repos/acme/app' ? app : other));
    const accesses = await checkAccess(server.github, [REPO, OTHER]);
    expect(accesses.map(({ repo, kind }) => [repo, kind])).toEqual([
      [REPO, kinds[0]],
      [OTHER, kinds[1]],
    ]);
    expect(refusalToStart(accesses)?.category ?? null).toBe(refusal);
  });
});
