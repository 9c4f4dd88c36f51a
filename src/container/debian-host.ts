import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { OnProgress } from './engine.ts';
import { runHostProgram } from './host-program.ts';

const APT_TIMEOUT_MS = 15 * 60_000;

/** Whether forge may add packages here by itself: it is root, on Debian or a relative of it. */
export function isDebianRoot(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/os-release') && isDebianLike(osRelease());
}

/** Reads the text of `/etc/os-release`. */
export function isDebianLike(osRelease: string): boolean {
  const ids = osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm);
  return [...ids].some(([, names = '']) => names.split(' ').some((id) => id === 'debian' || id === 'ubuntu'));
}

export function hasProgram(name: string): boolean {
  const dirs = (process.env.PATH ?? '').split(delimiter);
  return dirs.some((dir) => dir !== '' && isExecutable(join(dir, name)));
}

/** Throws `unavailable` when a package cannot be had. */
export async function installPackages(names: readonly string[], onProgress: OnProgress): Promise<void> {
  const options = {
    onLine: onProgress,
    timeoutMs: APT_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await runHostProgram('apt-get', ['update'], options);
  await runHostProgram('apt-get', ['install', '--yes', '--no-install-recommends', ...names], options);
}

function osRelease(): string {
  return readFileSync('/etc/os-release', 'utf8');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
