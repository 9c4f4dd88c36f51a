import { systemClock } from '../clock.ts';
import { homePaths } from '../config/home-paths.ts';
import { ForgeError } from '../errors.ts';
import type { EventLog } from '../events/event-log.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import { here } from './here.ts';

/** The tasks and their events, to be read only. */
export interface Records {
  queue: TaskQueue;
  events: EventLog;
}

/** Reads the database itself, so it works beside a daemon and without one; null where forge never ran. */
export async function openRecords(): Promise<Records | null> {
  const [{ findHome }, { openReadOnly }, { EventLog }, { TaskQueue }] = await Promise.all([
    import('../config/find-home.ts'),
    import('../store/open-database.ts'),
    import('../events/event-log.ts'),
    import('../queue/task-queue.ts'),
  ]);
  const db = openReadOnly(homePaths(await findHome(here())).database);
  if (db === null) return null;
  const events = new EventLog(db, systemClock);
  return { queue: new TaskQueue(db, systemClock, events), events };
}

/** For a command that is about one task: throws `not_found` where forge never ran. */
export async function requireRecords(): Promise<Records> {
  const records = await openRecords();
  if (records !== null) return records;
  throw new ForgeError('there are no tasks yet', {
    category: 'not_found',
    service: 'forge',
    next: 'Start forge with forge start, and label an issue',
  });
}
