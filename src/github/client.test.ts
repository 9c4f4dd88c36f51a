import { describe, expect, test } from 'vitest';
import { failureOf, gitHubClient, NOW, REPO, rawIssue, TOKEN } from '../../test/support/github-client.ts';

const LIST_URL = '/repos/acme/app/issues?labels=forge&state=open&sort=updated&direction=desc&per_page=100';

const event = (id: number | string, kind: string, at: string, more: object = {}) => ({
  id,
  event: kind,
  actor: { login: 'ann', id: 7 },
  label: { name: 'forge' },
  created_at: `2026-03-01T11:${at}Z`,
  ...more,
});

describe('the list of labelled issues', () => {
  test('is asked for at one constant URL, as forge, and comes without pull requests', async () => {
    await using server = await gitHubClient(() => ({
      headers: { etag: 'W/"one"' },
      body: [rawIssue(3), rawIssue(2, { pull_request: { url: 'x' } })],
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
    await using server = await gitHubClient(() => ({ status: 304 }));
    expect(await server.github.labelledIssues(REPO, 'forge', 'W/"one"')).toEqual({ kind: 'unchanged' });
    expect(server.requests[0]?.headers['if-none-match']).toBe('W/"one"');
  });

  test('follows pages at its own address, wherever the links point, and lists each issue once', async () => {
    await using server = await gitHubClient(
      ({ url }) =>
        url.includes('page=3')
          ? { body: [rawIssue(1)] }
          : {
              headers: {
                etag: '"page"',
                link: `<https://elsewhere.example/x?baseUrl=http://evil.example&page=${url.includes('page=2') ? 3 : 2}>; rel="next", <https://elsewhere.example/x?page=3>; rel="last"`,
              },
              body: [rawIssue(url.includes('page=2') ? 2 : 3), rawIssue(3)],
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
    await using server = await gitHubClient(() => ({
      headers: { 'content-type': 'text/plain' },
      body: [bare],
    }));
    expect(await server.github.labelledIssues(REPO, 'forge', null)).toMatchObject({
      etag: null,
      issues: [{ number: 1, body: '', state: 'open', locked: false, author: { login: 'ghost' } }],
    });
  });

  test('that never ends is given up', async () => {
    await using server = await gitHubClient(() => ({
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
    await using one = await gitHubClient(() => ({}));
    await using other = await gitHubClient(() => ({}), { token: 'another' });
    const key = one.github.issueListKey(REPO, 'forge');
    expect(key).toContain(LIST_URL);
    expect(key).toBe(one.github.issueListKey(REPO, 'forge'));
    expect(key).not.toContain(TOKEN);
    expect(key.split(' ')[0]).not.toBe(other.github.issueListKey(REPO, 'forge').split(' ')[0]);
    expect(key).not.toBe(one.github.issueListKey(REPO, 'other'));
  });
});

test('label events come from all pages, oldest first, whatever their ids are', async () => {
  await using server = await gitHubClient(({ url }) =>
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
  await using server = await gitHubClient(() => ({ body }));
  expect(await server.github.permission(REPO, 'renovate[bot]')).toBe(expected);
  expect(server.asked()).toEqual(['GET /repos/acme/app/collaborators/renovate%5Bbot%5D/permission']);
});

test('an account that GitHub does not know may do nothing', async () => {
  await using server = await gitHubClient(() => ({ status: 404, body: { message: 'Not Found' } }));
  expect(await server.github.permission(REPO, 'nobody')).toBe('none');
});

test('a repository tells its names as they are today', async () => {
  await using server = await gitHubClient(() => ({
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
    await using server = await gitHubClient(({ method }) => ({ body: method === 'DELETE' ? [] : comment }));
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
    await using server = await gitHubClient(({ url }) => ({
      body: url.includes('labels') ? [{ name: 'forge' }] : url.includes('comments') ? [comment] : rawIssue(5),
    }));
    expect(await server.github.issueLabels(REPO, 5)).toEqual(['forge']);
    expect(await server.github.comments(REPO, 5)).toMatchObject([{ body: 'Hi', updatedAt: NOW - 3_600_000 }]);
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5, labels: ['forge', 'plain'] });
  });

  test('removing a label that is gone is fine', async () => {
    await using server = await gitHubClient(() => ({
      status: 404,
      body: { message: 'Label does not exist' },
    }));
    await server.github.removeLabel(REPO, 5, 'forge:running');
    expect(server.requests).toHaveLength(1);
  });
});
