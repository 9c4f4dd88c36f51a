import { expect, test } from 'vitest';
import { failureOf } from '../../test/support/github-client.ts';
import { scriptedServer } from '../../test/support/scripted-server.ts';
import { boundedFetch } from './transport.ts';

const HEADERS = { authorization: 'Bearer ghp_verysecret' };

const request = (limits = { deadlineMs: 5_000, maxBytes: 10_000 }) => boundedFetch(fetch, limits);

test('an answer of exactly the largest size passes, one byte more does not', async () => {
  await using server = await scriptedServer(({ url }) => ({
    body: 'x'.repeat(url === '/fits' ? 1_000 : 1_001),
  }));
  const limited = request({ deadlineMs: 5_000, maxBytes: 1_000 });
  expect(await (await limited(`${server.url}/fits`, {})).text()).toHaveLength(1_000);
  expect(await failureOf(limited(`${server.url}/large`, {}))).toMatchObject({
    category: 'unavailable',
    data: { code: 'TOO_LARGE', endpoint: 'GET /large' },
  });
});

test.each([
  ['no answer at all', { fault: 'hang' }, 'DEADLINE'],
  ['redirects in a circle', { status: 302, headers: { location: '/again' } }, 'REDIRECTS'],
  ['a cut connection', { fault: 'cut' }, 'UND_ERR_SOCKET'],
  ['a connection cut inside the body', { fault: 'cut', body: '{"a":"long enough"}' }, 'UND_ERR_SOCKET'],
] as const)('%s is unavailable', async (_, reply, code) => {
  await using server = await scriptedServer(() => reply);
  const limited = request({ deadlineMs: 1_000, maxBytes: 1_000 });
  const error = await failureOf(limited(`${server.url}/repos`, { method: 'GET' }));
  expect(error).toMatchObject({
    category: 'unavailable',
    service: 'github',
    data: { code, endpoint: 'GET /repos' },
  });
  expect(error.message).toContain('GET /repos');
  expect(error.next).toContain('GITHUB_API_URL');
});

test('the deadline covers the body', async () => {
  const slow = boundedFetch(async (_, init) => new Response(neverEnding(init?.signal)), {
    deadlineMs: 50,
    maxBytes: 10,
  });
  expect(await failureOf(slow('http://127.0.0.1/x', {}))).toMatchObject({ data: { code: 'DEADLINE' } });
});

test('a caller can call it off', async () => {
  await using server = await scriptedServer(() => ({ fault: 'hang' }));
  const controller = new AbortController();
  const failure = failureOf(request()(server.url, { signal: controller.signal }));
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1);
  controller.abort();
  expect(await failure).toMatchObject({ category: 'unavailable', data: { code: 'ABORTED' } });
});

test('nobody listening is named by its code', async () => {
  const server = await scriptedServer(() => ({}));
  await server[Symbol.asyncDispose]();
  expect((await failureOf(request()(server.url, {}))).message).toContain('ECONNREFUSED');
});

test.each([301, 302, 307, 308])(
  'follows a %i within the host with method, body and token',
  async (status) => {
    await using server = await scriptedServer(({ url }) =>
      url === '/old' ? { status, headers: { location: '/new' } } : { body: { ok: true } },
    );
    const response = await request()(`${server.url}/old`, { method: 'POST', body: 'text', headers: HEADERS });
    expect(await response.json()).toEqual({ ok: true });
    expect(server.requests[1]).toMatchObject({
      method: 'POST',
      url: '/new',
      body: 'text',
      headers: { authorization: HEADERS.authorization },
    });
  },
);

test('a redirect to another host gets neither token nor request', async () => {
  await using other = await scriptedServer(() => ({ body: {} }));
  await using server = await scriptedServer(() => ({
    status: 301,
    headers: { location: `${other.url}/new` },
  }));
  const error = await failureOf(request()(`${server.url}/old`, { headers: HEADERS }));
  expect(error).toMatchObject({ category: 'forbidden', data: { endpoint: 'GET /old' } });
  expect(error.next).toContain('GITHUB_API_URL');
  expect(other.requests).toEqual([]);
});

test('a header that cannot be sent is not quoted', async () => {
  const error = await failureOf(
    request()('http://127.0.0.1:1/', { headers: { authorization: 'Bearer se\ncret' } }),
  );
  expect(error.message).not.toContain('cret');
});

function neverEnding(signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => signal?.addEventListener('abort', () => controller.error(signal.reason)),
  });
}
