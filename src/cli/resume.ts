import type { Command } from 'commander';
import { theDaemon } from './daemon.ts';
import { print } from './output.ts';

export function addResume(program: Command): void {
  program.command('resume').description('claim tasks again').action(resume);
}

async function resume(): Promise<void> {
  await (await theDaemon()).resume();
  print('forge claims tasks again');
}
