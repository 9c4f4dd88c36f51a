import { join } from 'node:path';

/** The places in `FORGE_HOME`; CLI.md names the ones that people may rely on. */
export function homePaths(home: string) {
  return {
    database: join(home, 'forge.db'),
    socket: join(home, 'forge.sock'),
    lock: join(home, 'forge.lock'),
    daemonLog: join(home, 'logs', 'daemon.log'),
  };
}
