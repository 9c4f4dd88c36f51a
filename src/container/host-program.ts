import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ForgeError } from '../errors.ts';
import type { OnProgress } from './engine.ts';

const TAIL_LINES = 12;

interface ProgramOptions {
  onLine: OnProgress;
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program of the host and hands on the lines of both its streams. Throws `unavailable`, with the last lines,
 * when it fails or takes longer than its time, and `not_found` when there is none of that name.
 */
export async function runHostProgram(
  command: string,
  args: readonly string[],
  { onLine, timeoutMs, cwd, env = process.env }: ProgramOptions,
): Promise<void> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  const tail: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    });
  }
  const ending = await new Promise<string | null>((resolve, reject) => {
    child.on('error', (error) => reject(absent(command, error)));
    child.on('close', (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? code}`));
  });
  if (ending !== null) {
    throw new ForgeError([`'${command} ${args[0] ?? ''}' ${ending}`, ...tail].join('\n'), {
      category: 'unavailable',
      service: 'docker',
    });
  }
}

function absent(command: string, cause: Error): ForgeError {
  return new ForgeError(`'${command}' cannot be started: ${cause.message}`, {
    category: 'not_found',
    service: 'docker',
    next: `Install ${command} and see that it is on the PATH`,
    cause,
  });
}
