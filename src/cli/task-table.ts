import type { TaskJson } from '../api/task-json.ts';
import type { TaskState } from '../task/state.ts';
import { aligned, duration, shortened } from './format.ts';
import { inert } from './inert.ts';
import type { Paint } from './output.ts';

const HEADER = ['TASK', 'STATE', 'AGE', 'AGENT', 'ATTEMPT', 'ISSUE', 'TITLE', ''];
const STATE_COLUMN = 1;

/** One line a task below a header; nothing at all for no tasks. */
export function taskTable(tasks: readonly TaskJson[], now: number, paint: Paint): string[] {
  if (tasks.length === 0) return [];
  const rows = tasks.map((task) => [
    task.id,
    task.state,
    duration(now - Date.parse(task.createdAt)),
    task.agent,
    String(task.attempt?.number ?? '-'),
    `${task.repo}#${task.issue}`,
    shortened(inert(task.title), 40),
    inert(detail(task, now)),
  ]);
  const [header = [], ...lines] = aligned([HEADER, ...rows]);
  return [
    paint('dim', header.join('  ').trimEnd()),
    ...lines.map((cells, line) =>
      cells
        .map((cell, column) => (column === STATE_COLUMN ? paintState(cell, tasks[line]?.state, paint) : cell))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

function detail(task: TaskJson, now: number): string {
  const wait = task.wakeAt === null ? 0 : Date.parse(task.wakeAt) - now;
  return [
    task.pullRequest === null ? '' : task.pullRequest.url,
    task.reason ?? '',
    wait > 0 ? `(again in ${duration(wait)})` : '',
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function paintState(cell: string, state: TaskState | undefined, paint: Paint): string {
  switch (state) {
    case 'preparing':
    case 'running':
    case 'verifying':
    case 'publishing':
      return paint('cyan', cell);
    case 'in_review':
    case 'merged':
      return paint('green', cell);
    case 'waiting':
      return paint('yellow', cell);
    case 'failed':
      return paint('red', cell);
    case 'queued':
    case 'closed':
    case 'cancelled':
    case undefined:
      return cell;
  }
}
