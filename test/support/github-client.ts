import type { Writable } from 'node:stream';
import { pino } from 'pino';
import { ForgeError } from '../../src/errors.ts';
import { GitHub } from '../../src/github/client.ts';
import { parseRepoName } from '../../src/task/ids.ts';
import { type Script, scriptedServer } from './scripted-server.ts';

export const REPO = parseRepoName('acme/app');
export const TOKEN = 'ghp_0123456789secret';
export const NOW = Date.parse('2026-03-01T12:00:00Z');

interface ClientOptions {
  /** Behind the server's own address, as on GitHub Enterprise Server. */
  path?: string;
  token?: string;
  deadlineMs?: number;
  log?: Writable;
}

/** A client of a server that answers as scripted; its clock stands at `NOW` until `wait` moves it. */
export async function gitHubClient(
  script: Script,
  { path = '', token = TOKEN, deadlineMs, log }: ClientOptions = {},
) {
  const server = await scriptedServer(script);
  let now = NOW;
  const github = new GitHub({
    apiUrl: `${server.url}${path}`,
    token: () => token,
    clock: { now: () => now },
    logger: log === undefined ? pino({ enabled: false }) : pino({ level: 'trace' }, log),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    github,
    requests: server.requests,
    asked: () => server.requests.map(({ method, url }) => `${method} ${url}`),
    wait: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** What the promise is rejected with; throws unless that is a `ForgeError`. */
export async function failureOf(promise: Promise<unknown>): Promise<ForgeError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ForgeError)) throw new Error(`expected a ForgeError, got ${String(outcome)}`);
  return outcome;
}

/** An issue in GitHub's own shape, changed an hour before `NOW`. */
export const rawIssue = (number: number, more: object = {}) => ({
  number,
  title: `Issue ${number}`,
  body: null,
  user: { login: 'ann', id: 7, type: 'User' },
  labels: [{ id: 1, name: 'forge', color: 'fff' }, 'plain'],
  state: 'open',
  locked: false,
  html_url: `https://example.org/${number}`,
  updated_at: '2026-03-01T11:00:00Z',
  ...more,
});
