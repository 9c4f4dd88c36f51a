import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ForgeError } from '../errors.ts';

const FORGE = fileURLToPath(new URL('../../bin/forge.js', import.meta.url));

export interface DaemonProcess {
  pid: string;
  /** Stops it and its containers. */
  stop(): Promise<void>;
}

/** Starts the daemon as a user does, with `forge start`, in an environment that holds nothing but `env`. */
export async function startDaemon(env: NodeJS.ProcessEnv, cwd: string): Promise<DaemonProcess> {
  const printed = await forge(['start'], env, cwd);
  const pid = /\d+/.exec(printed)?.[0];
  if (pid === undefined) throw failure(`forge start printed no pid but '${printed}'`);
  return { pid, stop: async () => void (await forge(['stop', '--now'], env, cwd)) };
}

async function forge(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  const child = spawn(process.execPath, [FORGE, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  if (code !== 0)
    throw failure(errors.trim().replace(/^forge: /, '') || `forge ${args.join(' ')} exited with ${code}`);
  return output;
}

function failure(message: string): ForgeError {
  return new ForgeError(message, { category: 'unavailable', service: 'forge' });
}
