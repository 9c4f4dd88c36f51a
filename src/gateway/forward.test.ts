import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DUMMY_KEY, openTestGateway, startUpstream } from '../../test/support/open-test-gateway.ts';

const MIB = 1024 * 1024;
const HEAD = `POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-api-key: ${DUMMY_KEY}\r\n`;

/** An upstream whose requests the test answers by hand. */
async function openByHand() {
  const arrived: { request: IncomingMessage; response: ServerResponse }[] = [];
  const url = await startUpstream((request, response) => arrived.push({ request, response }));
  const gateway = await openTestGateway(url);
  const next = async (index = 0) => {
    await expect.poll(() => arrived.length).toBeGreaterThan(index);
    const one = arrived[index];
    if (one === undefined) throw new Error('unreachable');
    return one;
  };
  return { gateway, next, arrived };
}

function startStream(response: ServerResponse, output = 1): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const message = { model: 'm', usage: { input_tokens: 5, output_tokens: output } };
  response.write(`data: ${JSON.stringify({ type: 'message_start', message })}\n\n`);
}

/** Resolves when `count` has not grown for a while. */
async function settled(count: () => number): Promise<number> {
  let before = -1;
  await expect
    .poll(
      () => {
        const grown = count() - before;
        before = count();
        return grown;
      },
      { interval: 100, timeout: 10_000 },
    )
    .toBe(0);
  return before;
}

test('each piece of an answer passes before the next one is sent', async () => {
  const { gateway, next } = await openByHand();
  const opening = gateway.open();
  const { response } = await next();
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const answer = await opening;
  for (const piece of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
    response.write(piece);
    const [chunk] = await new Promise<[Buffer]>((resolve) =>
      answer.once('data', (bytes) => resolve([bytes])),
    );
    expect(chunk.toString()).toBe(piece);
  }
  response.end();
  answer.resume();
  await new Promise((resolve) => answer.once('end', resolve));
  expect(gateway.traffic()).toBe(3);
});

test('the request streams up while it is still being written', async () => {
  const { gateway, next } = await openByHand();
  const pieces = ['{"model":', '"m"}'];
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
  const answer = gateway.raw(`${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
  const { request, response } = await next();
  let received = '';
  request.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  await expect.poll(() => received).toBe('{"model":"m"}');
  response.end('early');
  expect(await answer).toContain('early');
});

test('a client that does not read holds the upstream back, and gets everything when it does', async () => {
  const { gateway, next } = await openByHand();
  const opening = gateway.open();
  const { response } = await next();
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  let sent = 0;
  const piece = Buffer.alloc(MIB / 4, 'x');
  const sending = (async () => {
    while (sent < 64 * MIB) {
      sent += piece.length;
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end();
  })();
  const answer = await opening;
  expect(await settled(() => sent)).toBeLessThan(20 * MIB);

  let received = 0;
  for await (const chunk of answer) received += (chunk as Buffer).length;
  await sending;
  expect(received).toBe(64 * MIB);
});

test('an upstream that does not read holds the client back', async () => {
  const { gateway, next } = await openByHand();
  const client = connect(gateway.socketPath);
  client.write(`${HEAD}content-length: ${31 * MIB}\r\nconnection: close\r\n\r\n`);
  let sent = 0;
  const piece = Buffer.alloc(MIB / 4, 'x');
  const sending = (async () => {
    while (sent < 31 * MIB) {
      sent += piece.length;
      if (!client.write(piece)) await new Promise((resolve) => client.once('drain', resolve));
    }
  })();
  const { request, response } = await next();
  expect(await settled(() => sent)).toBeLessThan(20 * MIB);

  let received = 0;
  for await (const chunk of request) received += (chunk as Buffer).length;
  await sending;
  expect(received).toBe(31 * MIB);
  response.end('{}');
  expect(await text(client)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a client that goes away ends the call upstream; what it cost is counted', async () => {
  const { gateway, next } = await openByHand();
  const leaving = new AbortController();
  const opening = gateway.open({ signal: leaving.signal });
  const { request, response } = await next();
  startStream(response);
  const answer = await opening;
  answer.on('error', () => {});
  const upstreamGone = new Promise((resolve) => request.socket.once('close', resolve));
  await expect.poll(() => gateway.traffic()).toBe(1);
  leaving.abort();
  await upstreamGone;
  await expect.poll(() => gateway.usage).toMatchObject([{ inputTokens: 5, outputTokens: 1 }]);
});

test('an answer that breaks off breaks off in the container too, and is counted', async () => {
  const { gateway, next } = await openByHand();
  const opening = gateway.open();
  const { response } = await next();
  startStream(response);
  const answer = await opening;
  response.write('data: half an ev', () => response.destroy());
  await expect(text(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(gateway.usage).toMatchObject([{ inputTokens: 5, outputTokens: 1 }]);
});

test('an upstream that refuses the connection is an error of the provider, without its address', async () => {
  const gateway = await openTestGateway('http://127.0.0.1:1');
  const answer = await gateway.call();
  expect(answer.status).toBe(502);
  expect(JSON.parse(answer.body)).toEqual({
    type: 'error',
    error: { type: 'api_error', message: 'forge gateway: the model API could not be reached (ECONNREFUSED)' },
  });
});

test('an upstream that hangs up without an answer is an error of the provider', async () => {
  const url = await startUpstream((request) => request.socket.destroy());
  const answer = await (await openTestGateway(url)).call();
  expect(answer).toMatchObject({ status: 502, body: expect.stringContaining('ECONNRESET') });
});

test('a compressed answer, whose usage cannot be read, does not pass', async () => {
  const url = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('…');
  });
  expect(await (await openTestGateway(url)).call()).toMatchObject({
    status: 502,
    body: expect.stringContaining('compressed'),
  });
});

test('a refused credential is told with the name of its setting, and as nothing to try again', async () => {
  const url = await startUpstream((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid x-api-key"}');
  });
  const answer = await (await openTestGateway(url)).call();
  expect(answer).toMatchObject({ status: 401, headers: { 'x-should-retry': 'false' } });
  expect(answer.body).toContain('ANTHROPIC_API_KEY');

  const credential = { kind: 'oauth' as const, value: () => 'a token' };
  const other = await (await openTestGateway(url, { credential })).call();
  expect(other.body).toContain('CLAUDE_CODE_OAUTH_TOKEN');
});

test('an answer before the request is read to its end passes', async () => {
  const url = await startUpstream((_request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too much for me');
  });
  const gateway = await openTestGateway(url);
  const answer = await gateway.call({ body: Buffer.alloc(8 * MIB) });
  expect(answer).toMatchObject({ status: 413, body: 'too much for me' });
});

test('a request that says it is too long is refused unread', async () => {
  const { gateway, arrived } = await openByHand();
  const answer = await gateway.raw(`${HEAD}content-length: ${32 * MIB + 1}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*request_too_large/s);
  expect(arrived).toEqual([]);
});

test('a request that turns out to be too long is refused before its end, and cut upstream', async () => {
  let cut = false;
  const url = await startUpstream((request) => {
    request.resume().once('error', () => {
      cut = true;
    });
  });
  const gateway = await openTestGateway(url);
  const bytes = 32 * MIB + 1;
  const chunk = `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
  const answer = await gateway.raw(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunk}`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*request_too_large/s);
  await expect.poll(() => cut).toBe(true);
});

test('more than 16 calls at once are told to come back', async () => {
  const { gateway, next, arrived } = await openByHand();
  const open = Array.from({ length: 16 }, () => gateway.call());
  await next(15);
  expect(await gateway.call()).toMatchObject({
    status: 429,
    body: expect.stringContaining('rate_limit_error'),
  });
  for (const { response } of arrived) response.end('{}');
  expect((await Promise.all(open)).map((answer) => answer.status)).toEqual(Array(16).fill(200));
  const late = gateway.call();
  (await next(16)).response.end('{}');
  expect((await late).status).toBe(200);
});

test('an upstream that never answers is given up after 5 minutes', async () => {
  const { gateway, next } = await openByHand();
  useFakeTimeouts();
  const answer = gateway.call();
  await next();
  vi.advanceTimersByTime(300_000);
  expect(await answer).toMatchObject({ status: 504, body: expect.stringContaining('timeout_error') });
});

test('a stream that goes silent is cut after 2 minutes, and one that does not is not', async () => {
  const { gateway, next } = await openByHand();
  useFakeTimeouts();
  const opening = gateway.open();
  const { response } = await next();
  startStream(response);
  const answer = await opening;
  const whole = text(answer);
  const cut = expect(whole).rejects.toMatchObject({ code: 'ECONNRESET' });
  for (let pings = 1; pings <= 5; pings++) {
    await expect.poll(() => gateway.traffic()).toBe(pings);
    vi.advanceTimersByTime(119_000);
    expect(answer.destroyed).toBe(false);
    response.write('event: ping\n\n');
  }
  await expect.poll(() => gateway.traffic()).toBe(6);
  vi.advanceTimersByTime(120_000);
  await cut;
  expect(gateway.usage).toHaveLength(1);
});

/** Only the timers of forge's own code: sockets live in real time. */
function useFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}
