import { type Command, Option } from 'commander';
import type { StatusJson } from '../api/status-json.ts';
import { isForgeError } from '../errors.ts';
import { theDaemon } from './daemon.ts';
import { paint, print, printJson } from './output.ts';

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('what the daemon does, and its tasks (exit code 3: it is not running)')
    .option('--json', 'as JSON')
    .addOption(new Option('--once', 'print and end, also on a terminal').conflicts('json'))
    .action(status);
}

async function status(options: { json?: true }): Promise<void> {
  const daemon = await theDaemon();
  const show = options.json ? printJson : printStatus;
  try {
    await show(await daemon.status());
  } catch (error) {
    if (!isForgeError(error, 'not_running')) throw error;
    const { offlineStatus } = await import('./offline-status.ts');
    await show(await offlineStatus());
    throw error;
  }
}

async function printStatus(answer: StatusJson): Promise<void> {
  const { statusLines } = await import('./status-lines.ts');
  for (const line of statusLines(answer, Date.now(), paint)) print(line);
}
