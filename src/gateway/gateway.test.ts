import { once } from 'node:events';
import { link, rename, stat } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startMessagesServer } from '../../test/support/messages-server.ts';
import { DUMMY_KEY, openTestGateway, REAL_KEY, startUpstream } from '../../test/support/open-test-gateway.ts';
import { isForgeError } from '../errors.ts';
import { openGateway } from './gateway.ts';

interface Seen {
  url: string | undefined;
  headers: IncomingHttpHeaders;
}

/** An upstream that remembers the heads of the requests it got and answers each with an empty object. */
async function recordingUpstream(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const url = await startUpstream((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.setHeader('content-type', 'application/json').end('{}');
  });
  return { url, seen };
}

test('passes a model call with the real key, the listed headers and the path of the base URL', async () => {
  const { url, seen } = await recordingUpstream();
  const gateway = await openTestGateway(`${url}/team/anthropic/`);
  const headers = {
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'a,b',
    'user-agent': 'cli/1',
    'x-stainless-lang': 'js',
    'accept-encoding': 'gzip',
    cookie: 'a=b',
    'x-forwarded-for': '10.0.0.1',
    host: 'elsewhere.example',
  };
  expect(await gateway.call({ path: '/v1/messages?beta=true', headers })).toMatchObject({
    status: 200,
    body: '{}',
  });

  expect(seen).toEqual([
    {
      url: '/team/anthropic/v1/messages?beta=true',
      headers: {
        host: new URL(url).host,
        connection: 'keep-alive',
        'content-type': 'application/json',
        'content-length': '13',
        'accept-encoding': 'identity',
        'x-api-key': REAL_KEY,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'a,b',
        'user-agent': 'cli/1',
        'x-stainless-lang': 'js',
      },
    },
  ]);
});

test('sends an OAuth token as bearer, with the flag without which it is not accepted', async () => {
  const { url, seen } = await recordingUpstream();
  const gateway = await openTestGateway(url, { credential: { kind: 'oauth', value: () => REAL_KEY } });
  await gateway.call({ headers: { 'anthropic-beta': 'a, b' } });
  await gateway.call({ headers: { 'anthropic-beta': 'oauth-2025-04-20,a' } });
  await gateway.call();
  expect(
    seen.map(({ headers }) => [headers.authorization, headers['x-api-key'], headers['anthropic-beta']]),
  ).toEqual([
    [`Bearer ${REAL_KEY}`, undefined, 'a,b,oauth-2025-04-20'],
    [`Bearer ${REAL_KEY}`, undefined, 'oauth-2025-04-20,a'],
    [`Bearer ${REAL_KEY}`, undefined, 'oauth-2025-04-20'],
  ]);
});

test('takes the dummy key as a bearer token too, and a renewed credential at once', async () => {
  const { url, seen } = await recordingUpstream();
  let key = 'first';
  const gateway = await openTestGateway(url, { credential: { kind: 'api_key', value: () => key } });
  await gateway.call({ headers: { authorization: `Bearer ${DUMMY_KEY}` } });
  key = 'second';
  await gateway.call();
  expect(seen.map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual([
    ['first', undefined],
    ['second', undefined],
  ]);
});

test('speaks TLS to an https upstream', async () => {
  const firstBytes: number[] = [];
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      firstBytes.push(bytes[0] ?? -1);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const gateway = await openTestGateway(`https://127.0.0.1:${port}`);
  expect((await gateway.call()).status).toBe(502);
  expect(firstBytes).toEqual([0x16]);
  server.close();
});

test('reports the usage of each answer once, streamed or not', async () => {
  const usage = {
    input_tokens: 11,
    output_tokens: 22,
    cache_read_input_tokens: 33,
    cache_creation_input_tokens: 44,
  };
  const model = await startMessagesServer({ turns: [{ kind: 'say', text: 'hi', usage }], apiKey: REAL_KEY });
  const gateway = await openTestGateway(model.url);
  await gateway.call({ body: '{"model":"a","stream":true}' });
  await gateway.call({ body: '{"model":"b"}' });
  await gateway.call({ path: '/v1/messages/count_tokens', body: '{"model":"b"}' });
  const counts = { inputTokens: 11, outputTokens: 22, cacheReadTokens: 33, cacheWriteTokens: 44 };
  expect(gateway.usage).toEqual([
    { model: 'a', ...counts },
    { model: 'b', ...counts },
  ]);
  await model.close();
});

test("passes the provider's errors on, which are no traffic and cost nothing", async () => {
  const model = await startMessagesServer({
    turns: [
      {
        kind: 'error',
        status: 429,
        type: 'rate_limit_error',
        message: 'slow down',
        headers: { 'retry-after': '7', 'anthropic-ratelimit-requests-remaining': '0', 'set-cookie': 'a=b' },
      },
    ],
  });
  const gateway = await openTestGateway(model.url);
  const answer = await gateway.call();
  expect(answer).toMatchObject({
    status: 429,
    headers: {
      'retry-after': '7',
      'anthropic-ratelimit-requests-remaining': '0',
      'request-id': 'req_scripted',
    },
  });
  expect(JSON.parse(answer.body).error).toEqual({ type: 'rate_limit_error', message: 'slow down' });
  expect(answer.headers).not.toHaveProperty('set-cookie');
  expect(gateway.usage).toEqual([]);
  expect(gateway.traffic()).toBe(0);
  await model.close();
});

test('never lets the real key into an answer, even where the upstream echoes it', async () => {
  const url = await startUpstream((request, response) => {
    const key = String(request.headers['x-api-key']);
    response.setHeader('request-id', key);
    response.write(`your key is ${key.slice(0, 9)}`);
    setImmediate(() => response.end(`${key.slice(9)} and ${key}`));
  });
  const gateway = await openTestGateway(url);
  const answer = await gateway.call();
  const stars = '*'.repeat(REAL_KEY.length);
  expect(answer.body).toBe(`your key is ${stars} and ${stars}`);
  expect(JSON.stringify(answer.headers)).not.toContain(REAL_KEY);
});

test('without a credential it says which setting is missing', async () => {
  const { url, seen } = await recordingUpstream();
  const gateway = await openTestGateway(url, { credential: null });
  const answer = await gateway.call();
  expect(answer).toMatchObject({ status: 401, headers: { 'x-should-retry': 'false' } });
  expect(JSON.parse(answer.body)).toMatchObject({
    type: 'error',
    error: { type: 'authentication_error', message: expect.stringContaining('ANTHROPIC_API_KEY') },
  });
  expect(seen).toEqual([]);
});

test('every local user may connect, and a socket left behind is replaced', async () => {
  const { url } = await recordingUpstream();
  const gateway = await openTestGateway(url);
  expect((await stat(gateway.socketPath)).mode & 0o777).toBe(0o666);
  // Closing removes the socket; a second name for it is what a killed daemon leaves.
  const left = `${gateway.socketPath}.left`;
  await link(gateway.socketPath, left);
  await gateway.close();
  await rename(left, gateway.socketPath);

  const next = await openTestGateway(url, { socketPath: gateway.socketPath });
  expect((await next.call()).status).toBe(200);
});

test('a socket path that the kernel cannot take is a fault of the settings', async () => {
  const opening = openGateway({
    socketPath: `/tmp/${'x'.repeat(103)}`,
    dummyKey: DUMMY_KEY,
    upstream: 'http://127.0.0.1:9',
    credential: null,
    onUsage: () => {},
    onDenied: () => {},
    onTraffic: () => {},
  });
  await expect(opening).rejects.toSatisfy(
    (error) => isForgeError(error, 'settings') && error.next?.includes('FORGE_HOME') === true,
  );
});

test('close cuts what is under way, reports its usage and removes the socket', async () => {
  const url = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const message = { model: 'm', usage: { input_tokens: 5, output_tokens: 1 } };
    response.write(`data: ${JSON.stringify({ type: 'message_start', message })}\n\n`);
  });
  const gateway = await openTestGateway(url);
  const answer = await gateway.open();
  answer.resume();
  const cut = new Promise((resolve) => answer.once('error', resolve));
  await expect.poll(() => gateway.traffic()).toBe(1);
  const halfSent = connect(gateway.socketPath);
  halfSent.write('POST /v1/mess');
  const hungUp = once(halfSent, 'close');
  // Connections are accepted in their order: once this one is answered, the one before it is open.
  await gateway.call({ method: 'HEAD', path: '/' });

  await Promise.all([gateway.close(), gateway.close()]);
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  await hungUp;
  expect(gateway.usage).toMatchObject([{ inputTokens: 5, outputTokens: 1 }]);
  await expect(stat(gateway.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
});
