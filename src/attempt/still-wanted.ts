import type { Rooms } from '../rooms.ts';
import type { Task } from '../task/task.ts';

/**
 * Why nobody wants this task any more, by what its issue says right now: it was closed, or lost the label. null: go on.
 * Asked before money is spent and before anything is published.
 */
export async function whyUnwanted(task: Task, { github, config }: Rooms): Promise<string | null> {
  const { state, labels } = await github.issue(task.repo, task.issue);
  if (state === 'closed') return 'the issue was closed';
  const trigger = config.label.toLowerCase();
  if (!labels.some((label) => label.toLowerCase() === trigger))
    return `the label '${config.label}' was removed`;
  return null;
}
