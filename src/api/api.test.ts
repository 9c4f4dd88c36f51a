import { linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ErrorCategory, ForgeError } from '../errors.ts';
import { connect } from './client.ts';
import type { DaemonControl } from './control.ts';
import { serveApi } from './server.ts';
import { allCounts, type StatusJson } from './status-json.ts';
import type { TaskJson } from './task-json.ts';

let directory: string;
let socketPath: string;
let log: string[];
let stopServing: (() => Promise<void>) | null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'forge-api-'));
  socketPath = join(directory, 'forge.sock');
  log = [];
  stopServing = null;
});
afterEach(async () => {
  await stopServing?.();
  rmSync(directory, { recursive: true });
});

const TASK: TaskJson = {
  id: 'k3j4m5n6p7',
  repo: 'acme/app',
  issue: 7,
  title: 'Fix it',
  state: 'queued',
  reason: null,
  wakeAt: null,
  attempt: null,
  agent: 'claude',
  branch: 'forge/issue-7-fix-it',
  baseSha: null,
  headSha: null,
  pullRequest: null,
  usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
};

const STATUS: StatusJson = {
  daemon: {
    running: true,
    pid: 1,
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    paused: false,
    github: { remaining: 10, resetAt: null },
  },
  counts: allCounts({ queued: 1 }),
  tasks: [TASK],
};

/** A daemon that writes down what it is asked. */
function recorder(asked: unknown[], override: Partial<DaemonControl> = {}): DaemonControl {
  return {
    status: () => STATUS,
    tasks: (state) => {
      asked.push(['tasks', state]);
      return [TASK];
    },
    task: (name) => {
      asked.push(['task', name]);
      return TASK;
    },
    cancel: async (name) => {
      asked.push(['cancel', name]);
      return { ...TASK, state: 'cancelled' };
    },
    retry: async (name) => {
      asked.push(['retry', name]);
      return TASK;
    },
    pause: () => void asked.push(['pause']),
    resume: () => void asked.push(['resume']),
    stop: (how) => void asked.push(['stop', how]),
    ...override,
  };
}

async function serve(handlers: DaemonControl): Promise<void> {
  const logger = pino({}, { write: (line: string) => log.push(line) });
  const server = await serveApi({ socketPath, handlers, logger });
  stopServing = server.close;
}

describe('between client and server', () => {
  test('every call arrives with what it was given, and its answer comes back', async () => {
    const asked: unknown[] = [];
    await serve(recorder(asked));
    const daemon = connect(socketPath);
    expect(await daemon.status()).toEqual(STATUS);
    expect(await daemon.tasks(null)).toEqual([TASK]);
    await daemon.tasks('failed');
    expect(await daemon.task('acme/app#7')).toEqual(TASK);
    expect((await daemon.cancel('#7')).state).toBe('cancelled');
    await daemon.retry('../50%?x');
    await daemon.pause();
    await daemon.resume();
    await daemon.stop({ now: true });
    expect(asked).toEqual([
      ['tasks', null],
      ['tasks', 'failed'],
      ['task', 'acme/app#7'],
      ['cancel', '#7'],
      ['retry', '../50%?x'],
      ['pause'],
      ['resume'],
      ['stop', { now: true }],
    ]);
  });

  test.each<ErrorCategory>([
    'usage',
    'conflict',
    'not_found',
    'invalid',
    'unavailable',
    'limit',
    'stale',
    'internal',
  ])('a daemon error of the category %s is the same error here', async (category) => {
    const error = new ForgeError('task x is gone', {
      category,
      service: 'database',
      next: 'Look again',
      retryAt: 12_345,
    });
    const cancel = () => Promise.reject(error);
    await serve(recorder([], { cancel }));
    const { name, message, service, next, retryAt } = error;
    await expect(connect(socketPath).cancel('x')).rejects.toMatchObject({
      name,
      category,
      message,
      service,
      next,
      retryAt,
    });
  });

  test('any other error is internal, and logged', async () => {
    const retry = () => {
      throw new TypeError('x is not a function');
    };
    await serve(recorder([], { retry }));
    await expect(connect(socketPath).retry('x')).rejects.toMatchObject({
      category: 'internal',
      message: 'x is not a function',
    });
    expect(log.join()).toContain('/v1/tasks/x/retry');
  });
});

describe('where nobody answers', () => {
  test.each([
    ['no socket', () => {}],
    ['a socket that a crash left', () => leaveStaleSocket()],
  ])('%s: forge is not running', async (_what, prepare) => {
    await prepare();
    await expect(connect(socketPath).status()).rejects.toMatchObject({
      category: 'not_running',
      message: 'forge is not running',
      next: 'Start it with forge start',
    });
  });

  test('an answer that is not a daemon’s is not taken for one', async () => {
    const other = createServer((_request, response) => response.writeHead(500).end('<html>'));
    await new Promise<void>((resolve) => other.listen(socketPath, resolve));
    stopServing = async () => void other.close();
    await expect(connect(socketPath).status()).rejects.toMatchObject({ category: 'internal' });
  });

  /** The server removes the name that it bound, and not the second one. */
  async function leaveStaleSocket(): Promise<void> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${socketPath}.bound`, resolve));
    linkSync(`${socketPath}.bound`, socketPath);
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('the socket', () => {
  test('belongs to its user alone, from the first moment, and goes when the server does', async () => {
    const mask = process.umask(0);
    try {
      await serve(recorder([]));
    } finally {
      process.umask(mask);
    }
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(mask);
    await stopServing?.();
    stopServing = null;
    expect(() => statSync(socketPath)).toThrow('ENOENT');
  });

  test('is not taken from whoever has it', async () => {
    writeFileSync(socketPath, '');
    await expect(serve(recorder([]))).rejects.toThrow('EADDRINUSE');
  });

  test('closes although a client keeps its connection', async () => {
    await serve(recorder([]));
    const idle = connectSocket(socketPath);
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.write('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => idle.once('data', resolve));
    await stopServing?.();
    stopServing = null;
    idle.destroy();
  });
});

describe('requests that are not as agreed', () => {
  test.each([
    ['POST', '/v1/stop', '{"now":"yes"}', 422, 'invalid'],
    ['POST', '/v1/stop', '{"now":true,"hard":true}', 422, 'invalid'],
    ['POST', '/v1/stop', undefined, 422, 'invalid'],
    ['POST', '/v1/stop', '{"now"', 422, 'invalid'],
    ['POST', '/v1/pause', '{"for":1}', 422, 'invalid'],
    ['POST', '/v1/stop', `{"now":true,"x":"${'x'.repeat(20_000)}"}`, 422, 'invalid'],
    ['GET', '/v1/tasks?state=sleeping', undefined, 422, 'invalid'],
    ['GET', '/v2/status', undefined, 404, 'not_found'],
    ['DELETE', '/v1/tasks/x', undefined, 404, 'not_found'],
  ])('%s %s %s', async (method, path, body, status, category) => {
    const asked: unknown[] = [];
    await serve(recorder(asked));
    const answer = await send(method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.content)).toMatchObject({ error: { category } });
    expect(asked).toEqual([]);
  });

  async function send(method: string, path: string, body: string | undefined) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    return new Promise<{ status: number; content: string }>((resolve, reject) => {
      request({ socketPath, method, path, headers, agent: false }, async (response) => {
        resolve({ status: response.statusCode ?? 0, content: await text(response) });
      })
        .once('error', reject)
        .end(body);
    });
  }
});
