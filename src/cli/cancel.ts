import type { Command } from 'commander';
import { theDaemon } from './daemon.ts';
import { print } from './output.ts';

export function addCancel(program: Command): void {
  program
    .command('cancel')
    .description('end a task; its work is kept')
    .argument('<task>', 'an id or the start of one, owner/repo#n, or #n')
    .action(cancel);
}

async function cancel(name: string): Promise<void> {
  const task = await (await theDaemon()).cancel(name);
  print(`${task.id} ${task.state}`);
}
