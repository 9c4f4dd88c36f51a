import type { StatusJson } from '../api/status-json.ts';
import { clockTime, duration } from './format.ts';
import type { Paint } from './output.ts';
import { taskTable } from './task-table.ts';

/** A status for a person: the daemon, how many tasks are in which state, and the tasks. */
export function statusLines(status: StatusJson, now: number, paint: Paint): string[] {
  const counts = Object.entries(status.counts).filter(([, count]) => count > 0);
  return [
    daemonLine(status.daemon, now, paint),
    ...githubLine(status.daemon.github),
    counts.length === 0 ? 'no tasks yet' : counts.map(([state, count]) => `${count} ${state}`).join(', '),
    ...(status.tasks.length === 0 ? [] : ['', ...taskTable(status.tasks, now, paint)]),
  ];
}

function daemonLine(daemon: StatusJson['daemon'], now: number, paint: Paint): string {
  const paused = daemon.paused
    ? `, ${paint('yellow', 'paused: forge resume lets it claim tasks again')}`
    : '';
  if (!daemon.running) return `${paint('yellow', 'forge is not running')}${paused}`;
  const since = daemon.startedAt === null ? '' : `, for ${duration(now - Date.parse(daemon.startedAt))}`;
  return `${paint('green', 'forge is running')} (pid ${daemon.pid}, version ${daemon.version}${since})${paused}`;
}

function githubLine({ remaining, resetAt }: StatusJson['daemon']['github']): string[] {
  if (remaining === null) return [];
  const until = resetAt === null ? '' : ` until ${clockTime(Date.parse(resetAt))}`;
  return [`GitHub: ${remaining} requests left${until}`];
}
