import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { ForgeError } from '../errors.ts';

/** The kernel's limit for a unix socket's path; Node would cut a longer one short without a word. */
const MAX_PATH_BYTES = 107;

/**
 * Listens on a unix socket that every local user may connect to: the container's user is not the daemon's, and the
 * directory around it is what keeps others out. A socket left by a dead daemon is replaced. Throws `settings` for
 * a path that is too long, `internal` for one that cannot be used.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new ForgeError(`the path of the socket '${path}' is longer than ${MAX_PATH_BYTES} bytes`, {
      category: 'settings',
      service: 'forge',
      next: 'Set FORGE_HOME to a directory with a shorter path',
    });
  }
  try {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
    await chmod(path, 0o666);
  } catch (cause) {
    throw new ForgeError(`the gateway cannot listen on '${path}'`, {
      category: 'internal',
      service: 'forge',
      cause,
    });
  }
}
