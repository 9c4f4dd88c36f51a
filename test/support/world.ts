import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, type TestContext } from 'vitest';
import { connect } from '../../src/api/client.ts';
import type { StatusJson } from '../../src/api/status-json.ts';
import type { TaskJson } from '../../src/api/task-json.ts';
import { homePaths } from '../../src/config/home-paths.ts';
import type { Files } from '../../src/demo/github/repository-files.ts';
import { type DemoGitHub, startGitHub } from '../../src/demo/github-server.ts';
import { removeContainers } from './engine.ts';
import { checkExchanges, type ExchangeCheck } from './openapi-check.ts';

const FORGE = fileURLToPath(new URL('../../bin/forge.js', import.meta.url));

/** How long anything is waited for; a machine under load is slow, and a condition that holds ends the wait at once. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * forge as a user has it, from the outside: the compiled command line, a home of its own, and a GitHub on 127.0.0.1
 * with ada's repository, where `forge-bot` may write. `close` fails the test when forge has sent GitHub a request that
 * GitHub's own description does not know.
 */
export class World {
  readonly github: DemoGitHub;
  readonly repo: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #check: ExchangeCheck;

  private constructor(
    parts: Pick<World, 'github' | 'repo' | 'home' | 'env'> & { folder: string; check: ExchangeCheck },
  ) {
    this.github = parts.github;
    this.repo = parts.repo;
    this.home = parts.home;
    this.env = parts.env;
    this.#folder = parts.folder;
    this.#check = parts.check;
  }

  static async open(
    wish: {
      files?: Files;
      empty?: true;
      defaultBranch?: string;
      env?: NodeJS.ProcessEnv;
      private?: boolean;
    } = {},
  ): Promise<World> {
    const check = checkExchanges();
    const github = await startGitHub({ users: ['ada', 'forge-bot', 'mallory'], observe: check.observe });
    const { defaultBranch = 'main', private: isPrivate = true } = wish;
    const repo = await github.addRepository({
      owner: 'ada',
      name: 'app',
      private: isPrivate,
      defaultBranch,
      collaborators: { 'forge-bot': 'write', mallory: 'triage' },
      ...(wish.empty ? { empty: true as const } : { files: wish.files ?? { 'README.md': '# app\n' } }),
    });
    const folder = await mkdtemp(join(tmpdir(), 'forge-test-'));
    const home = join(folder, 'home');
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      HOME: folder,
      FORGE_HOME: home,
      FORGE_BASE_IMAGE: process.env.FORGE_BASE_IMAGE,
      DOCKER_HOST: process.env.DOCKER_HOST,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_TOKEN: github.account('forge-bot').token,
      FORGE_REPOS: repo,
      FORGE_POLL_SECONDS: '1',
      FORGE_AGENT: 'command',
      ...wish.env,
    };
    return new World({ github, repo, home, env, folder, check });
  }

  /** Runs a command of forge to its end. */
  async forge(...args: string[]): Promise<Ran> {
    const child = spawn(process.execPath, [FORGE, ...args], {
      env: this.env,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;
    return { code, stdout, stderr };
  }

  async start(): Promise<void> {
    const ran = await this.forge('start');
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
  }

  /** An issue by ada with the trigger label on it, put there by ada unless said; answers its number. */
  labelledIssue(title: string, body = 'Please.', by = 'ada'): number {
    const issue = this.github.openIssue({ repo: this.repo, title, body, author: 'ada' });
    this.github.label(this.repo, issue, 'forge', by);
    return issue;
  }

  async status(): Promise<StatusJson> {
    return JSON.parse((await this.forge('status', '--json')).stdout) as StatusJson;
  }

  /** Waits until the newest task of an issue satisfies the condition; asks the daemon itself, which costs less than a process. */
  task(issue: number, holds: (task: TaskJson) => boolean): Promise<TaskJson> {
    return until(`the task of issue ${issue}`, async () => {
      const { tasks } = await connect(homePaths(this.home).socket).status();
      const task = tasks.find((candidate) => candidate.issue === issue);
      return { done: task !== undefined && holds(task) ? task : null, seen: task };
    });
  }

  /** A file as an attempt left it, from the mirror's record of its work. */
  keptFile(taskId: string, attempt: number, path: string): string {
    const mirror = join(this.home, 'repos', `${this.repo}.git`);
    const object = `refs/forge/tasks/${taskId}/${attempt}:${path}`;
    return execFileSync('git', ['--git-dir', mirror, 'cat-file', 'blob', object]).toString();
  }

  /** All that the daemon has logged. */
  daemonLog(): Promise<string> {
    return readFile(join(this.home, 'logs', 'daemon.log'), 'utf8');
  }

  async close(): Promise<void> {
    await this.forge('stop', '--now');
    await removeContainers(this.home);
    await this.github.close();
    await rm(this.#folder, { recursive: true, force: true });
    expect(this.#check.findings()).toEqual([]);
  }
}

/** Looks again and again until `look` finds what is waited for; fails with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<{ done: T | null; seen: unknown }>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { done, seen } = await look();
    if (done !== null) return done;
    if (performance.now() > deadline)
      throw new Error(`${what}: waited in vain; last seen ${JSON.stringify(seen)}`);
    await delay(LOOK_MS);
  }
}

/** A world with a daemon that is ready, which goes away with the test; a concurrent test has hooks of its own. */
export async function openWorld(
  wish: Parameters<typeof World.open>[0] = {},
  hooks: Pick<TestContext, 'onTestFinished'> = { onTestFinished },
): Promise<World> {
  const world = await World.open(wish);
  hooks.onTestFinished(() => world.close());
  await world.start();
  return world;
}
