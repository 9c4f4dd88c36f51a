import { describe, expect, test } from 'vitest';
import { failureOf, gitHubClient, REPO } from '../../test/support/github-client.ts';
import type { Reply } from '../../test/support/scripted-server.ts';

const SHA = 'a'.repeat(40);

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

describe('pull requests', () => {
  const NEW = { head: 'forge/issue-1', base: 'main', title: 'T', body: 'B', draft: true };

  test('are opened', async () => {
    await using server = await gitHubClient(() => ({
      status: 201,
      body: pull(8, { draft: true, merged: false }),
    }));
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
    await using server = await gitHubClient(() => ({
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
    await using server = await gitHubClient(() => ({
      body: [pull(4, { state: 'closed' }), pull(9, { state: 'closed', merged_at: '2026-03-01T11:00:00Z' })],
    }));
    const found = await server.github.findPullRequest(REPO, 'forge/issue-1');
    expect(found).toMatchObject({ number: 9, state: 'closed', merged: true });
  });

  test('none at all is null', async () => {
    await using server = await gitHubClient(() => ({ body: [] }));
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
    await using server = await gitHubClient(({ method }) =>
      method === 'POST' ? ALREADY : { body: [pull(4)] },
    );
    expect(await server.github.openPullRequest(REPO, NEW)).toMatchObject({ number: 4 });
  });

  test('"already exists" without an open one stays an error', async () => {
    await using server = await gitHubClient(({ method }) => (method === 'POST' ? ALREADY : { body: [] }));
    const error = await failureOf(server.github.openPullRequest(REPO, NEW));
    expect(error).toMatchObject({ category: 'invalid' });
    expect(error.message).toContain('A pull request already exists');
  });

  test('are changed and read by number', async () => {
    await using server = await gitHubClient(() => ({ body: pull(4) }));
    await server.github.updatePullRequest(REPO, 4, { body: 'New' });
    expect(await server.github.pullRequest(REPO, 4)).toMatchObject({ number: 4 });
    expect(server.asked()).toEqual(['PATCH /repos/acme/app/pulls/4', 'GET /repos/acme/app/pulls/4']);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ body: 'New' });
  });
});
