import { expect, test } from 'vitest';
import {
  DUMMY_KEY,
  openTestGateway,
  startUpstream,
  type TestGateway,
} from '../../test/support/open-test-gateway.ts';

/** A gateway before an upstream that must never hear anything. */
async function openGuarded(): Promise<{ gateway: TestGateway; heard: string[] }> {
  const heard: string[] = [];
  const url = await startUpstream((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end();
  });
  return { gateway: await openTestGateway(url), heard };
}

const head = (line: string, ...headers: string[]) =>
  `${[line, 'host: model', ...headers, 'connection: close'].join('\r\n')}\r\n\r\n`;
const KEY = `x-api-key: ${DUMMY_KEY}`;

test.each([
  ['another method', 'GET', '/v1/messages'],
  ['another path', 'POST', '/v1/files'],
  ['the path of an admin call', 'POST', '/v1/organizations/api_keys'],
  ['a path behind an allowed one', 'POST', '/v1/messages/batches'],
  ['dot segments', 'POST', '/v1/messages/../files'],
  ['an encoded path', 'POST', '/v1%2fmessages'],
  ['a doubled slash', 'POST', '//v1/messages'],
  ['an absolute-form URI', 'POST', 'http://169.254.169.254/v1/messages'],
  ['an authority in the path', 'POST', '//evil.example/v1/messages'],
  ['a fragment', 'POST', '/v1/messages#x'],
  ['a strange query', 'POST', '/v1/messages?a=b/../c'],
  ['another HEAD', 'HEAD', '/v1/messages'],
])('refuses %s', async (_what, method, path) => {
  const { gateway, heard } = await openGuarded();
  const answer = await gateway.raw(head(`${method} ${path} HTTP/1.1`, KEY, 'content-length: 0'));
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(gateway.denied).toEqual([{ method, path, reason: 'only model calls may leave the container' }]);
  expect(heard).toEqual([]);
});

test.each([
  ['a tunnel', head('CONNECT api.example:443 HTTP/1.1', KEY), '403'],
  ['an upgrade', head('POST /v1/messages HTTP/1.1', KEY, 'connection: upgrade', 'upgrade: websocket'), '403'],
  ['two keys', head('POST /v1/messages HTTP/1.1', KEY, KEY, 'content-length: 0'), '403'],
  [
    'a key beside a bearer token',
    head('POST /v1/messages HTTP/1.1', KEY, `authorization: Bearer ${DUMMY_KEY}`, 'content-length: 0'),
    '403',
  ],
  ['two lengths', head('POST /v1/messages HTTP/1.1', KEY, 'content-length: 0', 'content-length: 5'), '400'],
  [
    'a length beside chunks',
    head('POST /v1/messages HTTP/1.1', KEY, 'content-length: 5', 'transfer-encoding: chunked'),
    '400',
  ],
  ['a header with a bare line feed', `POST /v1/messages HTTP/1.1\r\nhost: m\r\na: b\nc d\r\n\r\n`, '400'],
  ['headers beyond the limit', head('POST /v1/messages HTTP/1.1', KEY, `a: ${'x'.repeat(20_000)}`), '400'],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\r\n\r\n', '400'],
])('refuses %s', async (_what, bytes, status) => {
  const { gateway, heard } = await openGuarded();
  expect(await gateway.raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(gateway.denied).toHaveLength(1);
  expect(heard).toEqual([]);
});

test.each([
  ['a wrong key', { 'x-api-key': `${DUMMY_KEY}x` }],
  ['a wrong bearer token', { authorization: `Bearer ${DUMMY_KEY.slice(1)}` }],
  ['an empty key', { 'x-api-key': '' }],
])("answers %s in the shape of the provider's errors", async (_what, headers) => {
  const { gateway, heard } = await openGuarded();
  const answer = await gateway.call({ headers });
  expect(answer.status).toBe(401);
  expect(JSON.parse(answer.body)).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
  expect(gateway.denied).toHaveLength(1);
  expect(heard).toEqual([]);
});

test('answers a request without a key likewise', async () => {
  const { gateway, heard } = await openGuarded();
  const answer = await gateway.raw(head('POST /v1/messages HTTP/1.1', 'content-length: 0'));
  expect(answer).toMatch(/^HTTP\/1\.1 401 .*authentication_error/s);
  expect(heard).toEqual([]);
});

test('answers the reachability check by itself', async () => {
  const { gateway, heard } = await openGuarded();
  expect((await gateway.call({ method: 'HEAD', path: '/' })).status).toBe(200);
  expect((await gateway.call({ method: 'HEAD', path: '/api/hello' })).status).toBe(200);
  expect(heard).toEqual([]);
  expect(gateway.denied).toEqual([]);
});

test('a request that follows a refused one on the same connection is not heard', async () => {
  const { gateway, heard } = await openGuarded();
  const smuggled = `POST /v1/messages HTTP/1.1\r\nhost: m\r\n${KEY}\r\ncontent-length: 0\r\n\r\n`;
  await gateway.raw(`GET /x HTTP/1.1\r\nhost: m\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`);
  expect(heard).toEqual([]);
});

test('tells of a flood of refused requests only at first', async () => {
  const { gateway } = await openGuarded();
  const request = 'GET /x HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n';
  for (let n = 0; n < 210; n++) await gateway.raw(request);
  expect(gateway.denied).toHaveLength(200);
});
