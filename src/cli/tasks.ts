import { type Command, Option } from 'commander';
import { TASK_STATES, type TaskState } from '../task/state.ts';
import { paint, print, printJson } from './output.ts';

export function addTasks(program: Command): void {
  program
    .command('tasks')
    .description('all tasks: first those that are open, then the newest that ended')
    .addOption(new Option('--state <state>', 'only those in this state').choices(TASK_STATES))
    .option('--json', 'as a JSON array')
    .action(tasks);
}

async function tasks(options: { state?: TaskState; json?: true }): Promise<void> {
  const [{ openRecords }, { taskJson }, { taskTable }] = await Promise.all([
    import('./records.ts'),
    import('../api/task-json.ts'),
    import('./task-table.ts'),
  ]);
  const queue = (await openRecords())?.queue;
  const found = queue?.list(options.state === undefined ? {} : { state: options.state }) ?? [];
  const rows = found.map((task) => taskJson(task, queue?.attempts(task.id) ?? []));
  if (options.json) printJson(rows);
  else for (const line of taskTable(rows, Date.now(), paint)) print(line);
}
