import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoGitHub } from '../../src/demo/github-server.ts';

const run = promisify(execFile);

/** A person's clone of a repository, worked with by the git on this machine. */
export class Clone {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Standard output; throws with git's own words on standard error. */
  async git(...args: string[]): Promise<string> {
    const { stdout } = await run('git', args, { cwd: this.dir, env: ENVIRONMENT });
    return stdout.trim();
  }

  /** One commit on the branch that is checked out; resolves with its id. */
  async commit(files: Record<string, string>): Promise<string> {
    for (const [path, content] of Object.entries(files)) await writeFile(join(this.dir, path), content);
    await this.git('add', '.');
    await this.git('commit', '--quiet', '--message', `Change ${Object.keys(files).join(', ')}`);
    return this.git('rev-parse', 'HEAD');
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }
}

/** Clones as an account, or (null) without credentials. */
export async function clone(github: DemoGitHub, repo: string, login: string | null): Promise<Clone> {
  const cloned = new Clone(await mkdtemp(join(tmpdir(), 'forge-clone-')));
  await cloned.git('clone', '--quiet', cloneUrl(github, repo, login), '.').catch(async (error: unknown) => {
    await cloned.remove();
    throw error;
  });
  return cloned;
}

export function cloneUrl(github: DemoGitHub, repo: string, login: string | null): string {
  const url = new URL(`${github.url}/${repo}.git`);
  if (login !== null) {
    url.username = 'x-access-token';
    url.password = github.account(login).token;
  }
  return url.href;
}

const ENVIRONMENT = {
  PATH: process.env.PATH,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Wendy',
  GIT_AUTHOR_EMAIL: 'wendy@example.com',
  GIT_COMMITTER_NAME: 'Wendy',
  GIT_COMMITTER_EMAIL: 'wendy@example.com',
};
