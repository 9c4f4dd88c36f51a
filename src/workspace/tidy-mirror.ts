import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Clears away what a killed forge may have left in a mirror: locks, half-written packs, entries of worktrees, empty
 * ref files (a power cut) and a HEAD cut short. Only for a mirror that nobody is using.
 */
export async function tidyMirror(gitDir: string): Promise<void> {
  await rm(join(gitDir, 'worktrees'), { recursive: true, force: true });
  for (const entry of await list(gitDir)) {
    if (entry.isFile() && entry.name.endsWith('.lock')) await rm(join(gitDir, entry.name), { force: true });
  }
  const packs = join(gitDir, 'objects', 'pack');
  for (const entry of await list(packs)) {
    if (entry.name.startsWith('tmp_')) await rm(join(packs, entry.name), { force: true });
  }
  await tidyRefs(join(gitDir, 'refs'));
  await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/none\n', { mode: 0o600 });
}

async function tidyRefs(dir: string): Promise<void> {
  for (const entry of await list(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await tidyRefs(path);
    else if (entry.name.endsWith('.lock') || (await stat(path)).size === 0) await rm(path, { force: true });
  }
}

async function list(dir: string) {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
