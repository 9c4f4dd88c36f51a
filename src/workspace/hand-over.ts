import { runProgram } from './run-program.ts';

export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Gives the paths, and all below them, to the container's user. A symbolic link is given itself, never what it
 * names. Only root can.
 */
export async function handOver(paths: readonly string[], { uid, gid }: Owner): Promise<void> {
  await runProgram('chown', ['-R', '-h', '-P', `${uid}:${gid}`, '--', ...paths]);
}
