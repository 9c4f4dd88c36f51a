import { join } from 'node:path';
import { ForgeError } from '../errors.ts';
import type { Mirror } from './mirror.ts';

/** The directories of one attempt, on the host. All but `run` belong to the container's user. */
export interface Workspace {
  /** `attempts/ID`, 0700 and the daemon's own: nobody else gets past it on the host. */
  dir: string;
  /** Mounted at /workspace. */
  tree: string;
  /** Mounted at /forge/git. Host git never runs here once the container has started. */
  gitDir: string;
  /** One line that names /forge/git; mounted read-only over /workspace/.git. */
  gitfile: string;
  /** Mounted at /forge/out: where the result is handed over. */
  out: string;
  /** Mounted read-only at /forge/run: the gateway's socket and the prompt. */
  run: string;
  /** The mirror's objects; mounted read-only at /forge/objects. */
  objectsDir: string;
}

/** Where git finds things inside the container. */
export const IN_CONTAINER = { gitDir: '/forge/git', objects: '/forge/objects' } as const;

export function attemptsDir(home: string): string {
  return join(home, 'attempts');
}

/** Throws `invalid` for an id that would be more than one plain directory name. */
export function attemptDir(home: string, id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(id)) {
    throw new ForgeError(`'${id.slice(0, 80)}' does not name an attempt`, {
      category: 'invalid',
      service: 'forge',
    });
  }
  return join(attemptsDir(home), id);
}

/** The paths alone; whether anything is there is another matter. */
export function layOut(home: string, id: string, mirror: Mirror): Workspace {
  const dir = attemptDir(home, id);
  return {
    dir,
    tree: join(dir, 'tree'),
    gitDir: join(dir, 'git'),
    gitfile: join(dir, 'gitfile'),
    out: join(dir, 'out'),
    run: join(dir, 'run'),
    objectsDir: mirror.objectsDir,
  };
}
