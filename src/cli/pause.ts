import type { Command } from 'commander';
import { theDaemon } from './daemon.ts';
import { print } from './output.ts';

export function addPause(program: Command): void {
  program
    .command('pause')
    .description('claim no more tasks, also after a restart; what is under way goes on')
    .action(pause);
}

async function pause(): Promise<void> {
  await (await theDaemon()).pause();
  print('forge is paused');
}
