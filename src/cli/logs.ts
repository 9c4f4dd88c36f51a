import type { Command } from 'commander';
import { print } from './output.ts';

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('what happened to a task, or to all of them')
    .argument('[task]', 'an id or the start of one, owner/repo#n, or #n')
    .option('-f, --follow', 'go on until the task has ended')
    .option('--json', 'one event a line, as JSON')
    .action(logs);
}

async function logs(name: string | undefined, options: { follow?: true; json?: true }): Promise<void> {
  const [{ requireRecords }, { taskEvents }, { eventJson, eventLines }] = await Promise.all([
    import('./records.ts'),
    import('./task-events.ts'),
    import('./event-lines.ts'),
  ]);
  const records = await requireRecords();
  const task = name === undefined ? null : records.queue.resolve(name);
  for await (const event of taskEvents(records, {
    taskId: task?.id ?? null,
    follow: options.follow === true,
  })) {
    for (const line of options.json ? [eventJson(event)] : eventLines(event, task === null)) print(line);
  }
}
