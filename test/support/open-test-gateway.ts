import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type Denial, type GatewayOptions, type ModelUsage, openGateway } from '../../src/gateway/gateway.ts';

export const DUMMY_KEY = 'forge-dummy-key';
export const REAL_KEY = 'sk-ant-real-key-of-the-operator';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TestGateway {
  socketPath: string;
  usage: ModelUsage[];
  denied: Denial[];
  /** How many pieces of good answers passed. */
  traffic(): number;
  close(): Promise<void>;
  /** A whole exchange; by default a model call with the dummy key. */
  call(options?: CallOptions): Promise<Answer>;
  /** The same up to the answer's head, for reading the body by hand. */
  open(options?: CallOptions): Promise<IncomingMessage>;
  /** Sends bytes as they are and returns all that comes back until the gateway hangs up. */
  raw(bytes: string): Promise<string>;
}

export interface CallOptions {
  method?: string;
  path?: string;
  /** With an `authorization` among them there is no `x-api-key` by default. */
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  signal?: AbortSignal;
}

/** A gateway on a socket of its own in front of `upstream`; everything is closed when the test ends. */
export async function openTestGateway(
  upstream: string,
  changes: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const directory = await mkdtemp(join(tmpdir(), 'forge-gateway-'));
  const socketPath = join(directory, 'gateway.sock');
  const usage: ModelUsage[] = [];
  const denied: Denial[] = [];
  let traffic = 0;
  const gateway = await openGateway({
    socketPath,
    dummyKey: DUMMY_KEY,
    upstream,
    credential: { kind: 'api_key', value: () => REAL_KEY },
    onUsage: (one) => usage.push(one),
    onDenied: (one) => denied.push(one),
    onTraffic: () => traffic++,
    ...changes,
  });
  onTestFinished(async () => {
    await gateway.close();
    await rm(directory, { recursive: true });
  });

  const open = (options: CallOptions = {}) => openCall(changes.socketPath ?? socketPath, options);
  return {
    socketPath,
    usage,
    denied,
    traffic: () => traffic,
    close: () => gateway.close(),
    open,
    call: async (options) => {
      const answer = await open(options);
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
    },
    raw: async (bytes) => {
      const socket = connect(socketPath);
      socket.write(bytes);
      return text(socket);
    },
  };
}

/** A plain HTTP server in the place of the provider; returns its base URL. */
export async function startUpstream(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openCall(socketPath: string, options: CallOptions): Promise<IncomingMessage> {
  const { method = 'POST', path = '/v1/messages', headers = {}, body = '{"model":"m"}', signal } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers: { ...(headers.authorization === undefined && { 'x-api-key': DUMMY_KEY }), ...headers },
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(method === 'HEAD' ? undefined : body);
  });
}
