import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { ForgeError, messageOf } from '../errors.ts';
import type { DaemonControl } from './control.ts';
import { errorFromJson, isErrorJson } from './error-json.ts';
import type { StatusJson } from './status-json.ts';
import type { TaskJson } from './task-json.ts';

/** An import would evaluate all that `node:http` offers, its fetch too: a third of the time `forge status` takes. */
const { request } = process.getBuiltinModule('node:http');

/** Long, because cancelling a task waits for its container. */
const DEADLINE_MS = 60_000;

/** The daemon as another process sees it: each call rejects with the daemon's own `ForgeError`, or `not_running`. */
export type DaemonClient = {
  [Name in keyof DaemonControl]: (
    ...given: Parameters<DaemonControl[Name]>
  ) => Promise<Awaited<ReturnType<DaemonControl[Name]>>>;
};

/** Makes no connection yet; every call makes its own. */
export function connect(socketPath: string): DaemonClient {
  const get = <T>(path: string) => call<T>(socketPath, 'GET', path);
  const post = <T>(path: string, body?: object) => call<T>(socketPath, 'POST', path, body);
  const task = (name: string) => `/v1/tasks/${encodeURIComponent(name)}`;
  return {
    status: () => get<StatusJson>('/v1/status'),
    tasks: (state) => get<TaskJson[]>(state === null ? '/v1/tasks' : `/v1/tasks?state=${state}`),
    task: (name) => get<TaskJson>(task(name)),
    cancel: (name) => post<TaskJson>(`${task(name)}/cancel`),
    retry: (name) => post<TaskJson>(`${task(name)}/retry`),
    pause: () => post<void>('/v1/pause'),
    resume: () => post<void>('/v1/resume'),
    stop: (how) => post<void>('/v1/stop', how),
  };
}

/** What every command says that needs a daemon where there is none. */
export function notRunning(cause?: unknown): ForgeError {
  return new ForgeError('forge is not running', {
    category: 'not_running',
    service: 'forge',
    next: 'Start it with forge start',
    cause,
  });
}

/** The shape of an answer is taken on trust: the path names its version, and the socket is this user's alone. */
async function call<T>(socketPath: string, method: string, path: string, body?: object): Promise<T> {
  const { status, content } = await exchange(socketPath, method, path, body).catch((error: unknown) => {
    throw connectionError(error, socketPath);
  });
  const answer = parseJson(content);
  if (status < 400) return answer as T;
  throw isErrorJson(answer) ? errorFromJson(answer) : strange(`HTTP ${status}`);
}

async function exchange(socketPath: string, method: string, path: string, body: object | undefined) {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers = content === undefined ? {} : { 'content-type': 'application/json' };
  const outgoing = request({
    socketPath,
    method,
    path,
    headers,
    signal: AbortSignal.timeout(DEADLINE_MS),
    agent: false,
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject).end(content);
  });
  return { status: response.statusCode ?? 0, content: await text(response) };
}

function connectionError(error: unknown, socketPath: string): ForgeError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A daemon that ends while it is asked closes the connection without an answer.
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET') return notRunning(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new ForgeError(`${socketPath} may not be opened by this user`, {
      category: 'forbidden',
      service: 'forge',
      next: 'Use the account that started forge',
      cause: error,
    });
  }
  return new ForgeError(`forge does not answer: ${messageOf(error)}`, {
    category: 'unavailable',
    service: 'forge',
    next: 'Try again, or see logs/daemon.log in its home',
    cause: error,
  });
}

function parseJson(content: string): unknown {
  if (content === '') return undefined;
  try {
    return JSON.parse(content);
  } catch (error) {
    throw strange('not JSON', error);
  }
}

function strange(what: string, cause?: unknown): ForgeError {
  return new ForgeError(`the daemon's answer cannot be understood: ${what}`, {
    category: 'internal',
    service: 'forge',
    next: 'It may be of another version: forge restart',
    cause,
  });
}
