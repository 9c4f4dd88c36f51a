import { setTimeout as delay } from 'node:timers/promises';
import { inert } from '../cli/inert.ts';
import { systemClock } from '../clock.ts';
import { homePaths } from '../config/home-paths.ts';
import { ForgeError } from '../errors.ts';
import { EventLog } from '../events/event-log.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import { openReadOnly } from '../store/open-database.ts';
import { isFinal } from '../task/state.ts';
import type { Attempt, Task } from '../task/task.ts';

const LOOK_MS = 200;
const PATIENCE_MS = 5 * 60_000;

export interface FollowedTask {
  task: Task;
  attempts: Attempt[];
}

/** Prints the log of the home's only task as it grows, until the task is in review, waits for somebody, or has ended. */
export async function followTask(
  home: string,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<FollowedTask> {
  const db = openReadOnly(homePaths(home).database);
  if (db === null)
    throw new ForgeError('the daemon has no database', { category: 'internal', service: 'forge' });
  const events = new EventLog(db, systemClock);
  const queue = new TaskQueue(db, systemClock, events);
  const deadline = performance.now() + PATIENCE_MS;
  let seen = 0;
  try {
    for (;;) {
      const task = queue.list()[0];
      for (const event of events.read({ afterSeq: seen })) {
        seen = event.seq;
        write(`  ${event.type.padEnd(12)} ${inert(event.text)}\n`);
      }
      if (task !== undefined && hasSettled(task)) return { task, attempts: queue.attempts(task.id) };
      if (performance.now() > deadline) {
        throw new ForgeError('the task did not settle within five minutes', {
          category: 'unavailable',
          service: 'forge',
        });
      }
      await delay(LOOK_MS, undefined, { signal });
    }
  } finally {
    db.close();
  }
}

function hasSettled(task: Task): boolean {
  return isFinal(task.state) || task.state === 'in_review' || task.state === 'waiting';
}
