import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { failureOf, gitHubClient, NOW, REPO, rawIssue, TOKEN } from '../../test/support/github-client.ts';
import type { Reply } from '../../test/support/scripted-server.ts';

describe('errors', () => {
  test.each([
    [401, 'unauthorized', 'Check GITHUB_TOKEN'],
    [403, 'forbidden', 'GITHUB_TOKEN'],
    [404, 'not_found', 'Check the name'],
    [410, 'not_found', 'Check the name'],
    [422, 'invalid', 'see what GitHub says'],
    [500, 'unavailable', 'GITHUB_API_URL'],
  ])('%i is %s and says the next step', async (status, category, next) => {
    await using server = await gitHubClient(() => ({ status, body: { message: 'Because' } }));
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
    ['an issue without its number', { body: rawIssue(5, { number: null }) }],
  ])('%s is unavailable and names the endpoint', async (_, reply) => {
    await using server = await gitHubClient(() => reply);
    const error = await failureOf(server.github.issue(REPO, 5));
    expect(error).toMatchObject({ category: 'unavailable', data: { code: 'NOT_UNDERSTOOD' } });
    expect(error.message).toContain('GET /repos/acme/app/issues/5');
  });

  test('a sha or name that is none is not let in', async () => {
    await using server = await gitHubClient(({ url }) => ({
      body: url.includes('pulls')
        ? {
            number: 4,
            html_url: 'x',
            state: 'open',
            head: { ref: 'x', sha: '../../etc' },
            base: { ref: 'main' },
          }
        : { full_name: '../x', default_branch: 'main', clone_url: 'http://127.0.0.1/x.git' },
    }));
    expect(await failureOf(server.github.pullRequest(REPO, 4))).toMatchObject({ category: 'unavailable' });
    expect(await failureOf(server.github.repository(REPO))).toMatchObject({ category: 'unavailable' });
  });

  test.each([502, 503, 504])('a GET that met a %i is tried once more, at once', async (status) => {
    let tries = 0;
    await using server = await gitHubClient(() =>
      tries++ === 0 ? { status, body: '<html>' } : { body: rawIssue(5) },
    );
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5 });
    expect(server.requests).toHaveLength(2);
  });

  test('so is one whose connection was cut, and no third time', async () => {
    await using server = await gitHubClient(() => ({ fault: 'cut' }));
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ category: 'unavailable' });
    expect(server.requests).toHaveLength(2);
  });

  test.each([{ status: 502 }, { fault: 'cut' }] as const)(
    'a write that met %o is not repeated',
    async (reply) => {
      await using server = await gitHubClient(() => reply);
      expect(await failureOf(server.github.createComment(REPO, 5, 'Hi'))).toMatchObject({
        category: 'unavailable',
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  test('a slow answer ends at the deadline and is not waited for again', async () => {
    await using server = await gitHubClient(() => ({ fault: 'hang' }), { deadlineMs: 500 });
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ data: { code: 'DEADLINE' } });
    expect(server.requests).toHaveLength(1);
  });

  test('every call can be called off', async () => {
    await using server = await gitHubClient(() => ({ fault: 'hang' }));
    const error = await failureOf(server.github.issue(REPO, 5, AbortSignal.abort()));
    expect(error).toMatchObject({ data: { code: 'ABORTED' } });
    expect(server.requests).toHaveLength(0);
  });
});

describe('limits', () => {
  test('after a secondary limit nothing leaves until retry-after has passed', async () => {
    let limited = true;
    await using server = await gitHubClient(() =>
      limited
        ? {
            status: 403,
            headers: { 'retry-after': '60' },
            body: { message: 'You have exceeded a secondary rate limit' },
          }
        : { body: rawIssue(5) },
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
    await using server = await gitHubClient(() => ({
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      body: rawIssue(5),
    }));
    expect(await server.github.issue(REPO, 5)).toMatchObject({ number: 5 });
    expect(server.github.rateLimit()).toEqual({ remaining: 0, resetAt: NOW + 1_200_000 });
    expect(await failureOf(server.github.issue(REPO, 5))).toMatchObject({ retryAt: NOW + 1_200_000 });
    expect(server.requests).toHaveLength(1);
  });

  test('a 503 with retry-after is a limit, not worth a second try at once', async () => {
    await using server = await gitHubClient(() => ({ status: 503, headers: { 'retry-after': '5' } }));
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
      await using server = await gitHubClient(() => answer, { deadlineMs: 500, log });
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
      await using server = await gitHubClient(() => ({}), { token });
      const error = await failureOf(server.github.issue(REPO, 5));
      expect(error).toMatchObject({ category: 'unauthorized', next: 'Check GITHUB_TOKEN' });
      expect(server.requests).toHaveLength(0);
    },
  );
});
