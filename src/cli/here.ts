import { join } from 'node:path';
import type { Place } from '../config/read-settings.ts';

/** Where this command was typed: the settings it sees come from there. */
export function here(): Place {
  return { env: process.env, cwd: process.cwd() };
}

/** The files of forge's home that commands look into. */
export function homeFiles(home: string) {
  return {
    socket: join(home, 'forge.sock'),
    database: join(home, 'forge.db'),
    daemonLog: join(home, 'logs', 'daemon.log'),
  };
}
