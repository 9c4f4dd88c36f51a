import type { Command } from 'commander';
import { theDaemon } from './daemon.ts';
import { print } from './output.ts';

export function addRetry(program: Command): void {
  program
    .command('retry')
    .description('queue a failed, cancelled or waiting task again')
    .argument('<task>', 'an id or the start of one, owner/repo#n, or #n')
    .action(retry);
}

async function retry(name: string): Promise<void> {
  const task = await (await theDaemon()).retry(name);
  print(`${task.id} ${task.state}`);
}
