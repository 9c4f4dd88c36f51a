import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ForgeError } from '../../errors.ts';

/** No configuration but the repository's own, and GitHub's identity for the commits that it makes itself. */
export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'GitHub',
  GIT_AUTHOR_EMAIL: 'noreply@github.com',
  GIT_COMMITTER_NAME: 'GitHub',
  GIT_COMMITTER_EMAIL: 'noreply@github.com',
};

/** Standard output of git in a bare repository, without its last newline; throws unless it exits with 0. */
export async function git(gitDir: string, args: readonly string[], input = ''): Promise<string> {
  const { code, output, errors } = await tryGit(gitDir, args, input);
  if (code === 0) return output.replace(/\n$/, '');
  throw gitFailure(args, code, errors);
}

export function gitFailure(args: readonly string[], code: number | null, errors: string): ForgeError {
  const message = `git ${args[0]} exited with ${code}: ${errors.trim()}`;
  return new ForgeError(message, { category: 'internal', service: 'git' });
}

/** For commands whose exit code is an answer; standard output as it is. */
export async function tryGit(gitDir: string, args: readonly string[], input = '') {
  const child = spawn('git', [`--git-dir=${gitDir}`, ...args], { env: GIT_ENVIRONMENT });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {}); // a git that stops reading says why by its exit code
  child.stdin.end(input);
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output, errors };
}
