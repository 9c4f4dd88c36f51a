import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { RepoName, Sha } from '../../src/task/ids.ts';
import { Workspaces } from '../../src/workspace/workspaces.ts';
import { type GitHttp, startGitHttp } from './git-http.ts';

export const TOKEN = 'ghs_fixture0token0never0seen';
export const REPO = 'acme/widget' as RepoName;

const asRoot = process.getuid?.() === 0;
/** Who the container would run as: another user where the test may give files away. */
export const OWNER = asRoot
  ? { uid: 1000, gid: 1000 }
  : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

export interface GitFixture extends AsyncDisposable {
  home: string;
  /** The bare repository behind `cloneUrl`. */
  origin: string;
  cloneUrl: string;
  http: GitHttp;
  workspaces: Workspaces;
}

/** A forge home, a repository without any commit, and a server that serves it to the holder of `TOKEN`. */
export async function gitFixture(): Promise<GitFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'forge-git-'));
  const home = join(dir, 'home');
  const root = join(dir, 'srv');
  const origin = join(root, `${REPO}.git`);
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(dirname(origin), { recursive: true });
  git(dir, ['init', '--quiet', '--bare', '--initial-branch=trunk', origin]);
  const http = await startGitHttp({ root, token: TOKEN });
  return {
    home,
    origin,
    cloneUrl: `${http.url}/${REPO}.git`,
    http,
    workspaces: openWorkspaces(home),
    async [Symbol.asyncDispose]() {
      await http.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Another daemon over the same home, as after a restart. */
export function openWorkspaces(home: string, token: string | null = TOKEN): Workspaces {
  return new Workspaces({
    home,
    token: () => token,
    containerUser: OWNER,
    logger: pino({ level: 'silent' }),
  });
}

/** What a person's own git does; never one of forge's. */
export function git(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
  input: string | Buffer = '',
): string {
  return gitBytes(cwd, args, env, input).toString().trim();
}

export function gitBytes(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
  input: string | Buffer = '',
) {
  return execFileSync('git', args, {
    cwd,
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1024 ** 3,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'A Person',
      GIT_AUTHOR_EMAIL: 'person@example.org',
      GIT_COMMITTER_NAME: 'A Person',
      GIT_COMMITTER_EMAIL: 'person@example.org',
      ...env,
    },
  });
}

/** `null` removes the file. */
export type Files = Record<string, string | Buffer | null>;

/** Puts one commit on a branch of a bare repository, on top of what the branch holds already; returns its id. */
export function commitTo(bare: string, branch: string, files: Files, message = 'Change files'): Sha {
  const ref = `refs/heads/${branch}`;
  const parent = git(bare, ['for-each-ref', '--format=%(objectname)', ref]);
  const stream: Buffer[] = [
    Buffer.from(`commit ${ref}\ncommitter A Person <person@example.org> 1700000000 +0000\n`),
    Buffer.from(`data ${Buffer.byteLength(message)}\n${message}\n${parent === '' ? '' : `from ${parent}\n`}`),
  ];
  for (const [path, content] of Object.entries(files)) {
    if (content === null) stream.push(Buffer.from(`D ${path}\n`));
    else
      stream.push(
        Buffer.from(`M 644 inline ${path}\ndata ${Buffer.byteLength(content)}\n`),
        Buffer.from(content),
        Buffer.from('\n'),
      );
  }
  git(bare, ['fast-import', '--quiet'], {}, Buffer.concat(stream));
  return git(bare, ['rev-parse', ref]) as Sha;
}
