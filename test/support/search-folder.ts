import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';

/** Hands on every byte of every file below a folder, loose git objects inflated as well. What vanishes is left out. */
export async function eachFile(folder: string, look: (path: string, bytes: Buffer) => void): Promise<void> {
  for (const entry of await orGone(readdir(folder, { recursive: true, withFileTypes: true }), [])) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await orGone(readFile(path), Buffer.alloc(0));
    look(path, bytes);
    if (/\/objects\/[0-9a-f]{2}\/[0-9a-f]+$/.test(path)) look(path, inflated(bytes));
  }
}

/** Every object that the bare repositories below a folder hold, packed or loose, in one piece each repository. */
export async function eachRepository(
  folder: string,
  look: (path: string, bytes: Buffer) => void,
): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.endsWith('.git')) continue;
    const gitDir = join(entry.parentPath, entry.name);
    const args = ['--git-dir', gitDir, 'cat-file', '--batch-all-objects', '--batch'];
    const { stdout } = await promisify(execFile)('git', args, { encoding: 'buffer', maxBuffer: 2 ** 28 });
    look(gitDir, stdout);
  }
}

/** Empty for an object that is still being written. */
function inflated(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes);
  } catch {
    return Buffer.alloc(0);
  }
}

async function orGone<T>(reading: Promise<T>, gone: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return gone;
    throw error;
  }
}
