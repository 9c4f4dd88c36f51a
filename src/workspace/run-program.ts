import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ForgeError } from '../errors.ts';

/** Removing or handing over a million files takes minutes; nothing takes longer. */
const DEADLINE_MS = 10 * 60_000;

/** Runs one of the system's file programs to its end; a failure throws unless the caller deals with the exit code. */
export async function runProgram(
  program: 'chmod' | 'chown' | 'rm',
  args: readonly string[],
  { mayFail = false } = {},
): Promise<number> {
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: process.env.PATH }, // and not the daemon's own, which holds its secrets
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DEADLINE_MS,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const [exitCode, stderr] = await Promise.all([ended, text(child.stderr)]);
  if (exitCode === 0 || mayFail) return exitCode;
  throw new ForgeError(`${program} failed for ${args.at(-1)}: ${stderr.trim().slice(0, 500)}`, {
    category: 'unavailable',
    service: 'forge',
    next: 'Check who owns the files there, and the disk',
  });
}
