import type { Command } from 'commander';
import { isForgeError } from '../errors.ts';
import { startDetached } from './start.ts';
import { stop } from './stop.ts';

export function addRestart(program: Command): void {
  program.command('restart').description('stop, where it runs, and start').action(restart);
}

async function restart(): Promise<void> {
  await stop({}).catch((error: unknown) => {
    if (!isForgeError(error, 'not_running')) throw error;
  });
  await startDetached();
}
