import type { Command } from 'commander';
import { print, printJson } from './output.ts';

export function addShow(program: Command): void {
  program
    .command('show')
    .description('one task and its attempts')
    .argument('<task>', 'an id or the start of one, owner/repo#n, or #n')
    .option('--json', 'as JSON')
    .action(show);
}

async function show(name: string, options: { json?: true }): Promise<void> {
  const [{ requireRecords }, { taskJson }, { taskLines }] = await Promise.all([
    import('./records.ts'),
    import('../api/task-json.ts'),
    import('./task-lines.ts'),
  ]);
  const { queue } = await requireRecords();
  const task = queue.resolve(name);
  const attempts = queue.attempts(task.id);
  if (options.json) printJson(taskJson(task, attempts));
  else for (const line of taskLines(task, attempts, queue.evidence(task.id))) print(line);
}
