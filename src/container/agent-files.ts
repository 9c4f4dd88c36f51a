import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packagePath } from './package-path.ts';

const FILES = ['entrypoint.sh', 'collect.sh', 'relay.js'] as const;

/**
 * Copies the scripts that run inside containers to `$FORGE_HOME/agent/HASH` and returns that directory, to be mounted
 * at `/forge/bin`. Named by content, so an update of forge leaves the containers of the version before alone.
 */
export async function installAgentFiles(home: string): Promise<string> {
  const files = await Promise.all(
    FILES.map(async (name) => ({ name, content: await readFile(packagePath(`agent/${name}`)) })),
  );
  const hash = createHash('sha256');
  for (const { name, content } of files) hash.update(`${name} ${content.length}\n`).update(content);
  const dir = join(home, 'agent', hash.digest('hex').slice(0, 12));
  if (!existsSync(dir)) await install(dir, files);
  return dir;
}

/** All or nothing, by a rename; another process may get there first with the same files. */
async function install(dir: string, files: readonly { name: string; content: Buffer }[]): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const partial = await mkdtemp(`${dir}.`);
  for (const { name, content } of files) {
    await writeFile(join(partial, name), content);
    await chmod(join(partial, name), 0o755);
  }
  await chmod(partial, 0o755);
  try {
    await rename(partial, dir);
  } catch (error) {
    await rm(partial, { recursive: true });
    if (!existsSync(dir)) throw error;
  }
}
