import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes `FORGE_HOME` and its folders, closed to everybody but their owner. */
export async function layOutHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  for (const folder of ['logs', 'repos', 'attempts']) {
    await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  }
}
