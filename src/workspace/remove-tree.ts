import { existsSync } from 'node:fs';
import { runProgram } from './run-program.ts';

/**
 * Removes a directory that an agent may have filled, absent being fine. It can hold directories without permissions
 * and paths longer than the system takes in one piece, which is why this is `rm` (it walks by descriptors and follows
 * no link) and not a loop of forge's own.
 */
export async function removeTree(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  if ((await runProgram('rm', ['-rf', '--', dir], { mayFail: true })) === 0) return;
  await runProgram('chmod', ['-R', 'u+rwX', '--', dir]);
  await runProgram('rm', ['-rf', '--', dir]);
}
