import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { DemoGitHub } from './github/demo-github.ts';
import { RateLimits } from './github/rate-limit.ts';
import { API_ROOT, type Exchange, GitHubServer } from './github/server.ts';
import type { State } from './github/state.ts';

export type { DemoGitHub } from './github/demo-github.ts';
export type { Exchange, SeenRequest } from './github/server.ts';

export interface GitHubOptions {
  /** Logins; each gets a classic token with the scope `repo`. */
  users: readonly string[];
  /** For the bare repositories; kept at the end. Without it they lie in a temporary folder that `close` removes. */
  dir?: string;
  clock?: Clock;
  /** Requests an hour for each account; GitHub gives 5000. */
  rateLimit?: number;
  observe?: (exchange: Exchange) => void;
}

/**
 * A GitHub of one's own on 127.0.0.1, on a free port: the parts of the REST API that forge uses, over real bare
 * repositories that git clones and pushes to. It keeps everything else in memory.
 */
export async function startGitHub(options: GitHubOptions): Promise<DemoGitHub> {
  const { clock = systemClock, rateLimit = 5000, observe = () => {} } = options;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'forge-github-')));
  const state: State = {
    url: '',
    apiUrl: '',
    clock,
    users: [],
    tokens: new Map(),
    repositories: [],
    formerNames: new Map(),
    lastId: 3_000_000_000, // past 32 bits, as GitHub's ids are
  };
  const server = new GitHubServer(state, new RateLimits(clock, rateLimit), observe);
  state.url = `http://127.0.0.1:${await server.listen()}`;
  state.apiUrl = `${state.url}${API_ROOT}`;
  const github = new DemoGitHub(state, server, dir, async () => {
    await server.close();
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  });
  for (const login of options.users) github.addUser(login);
  return github;
}
