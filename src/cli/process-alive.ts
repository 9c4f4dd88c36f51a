import { readFileSync } from 'node:fs';

/**
 * Whether a process does anything still. One that has ended stays in the table until its parent takes note, which
 * in a container without an init is never; where `/proc` tells, such a one is not alive.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state follows the name, which is in parentheses and may hold any character.
    return !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')));
  } catch {
    // No /proc, or it ended this moment: the next look tells.
    return true;
  }
}
