import type { Clock } from '../clock.ts';
import type { EventLog } from '../events/event-log.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { Task } from '../task/task.ts';
import { IS_ACTIVE } from './sql.ts';
import { stateEvent } from './state-event.ts';
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts';

/** How many tasks may be active at once, over all repositories and in one. */
export interface Caps {
  maxConcurrent: number;
  maxPerRepo: number;
}

/** The way from the queue into an active state. */
export class Claimer {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database, clock: Clock, events: EventLog) {
    this.#db = db;
    this.#clock = clock;
    this.#events = events;
    this.#sql = prepare(db);
  }

  claim(caps: Caps): Task | null {
    return atomically(this.#db, () => {
      const row = this.#sql.claim.get({ ...caps, now: this.#clock.now() });
      if (row === undefined) {
        return null;
      }
      this.#events.append(row.id, null, stateEvent('queued', 'preparing', null));
      return toTask(row);
    });
  }

  nextDueAfter(time: number): number | null {
    return this.#sql.nextDueAfter.get({ time })?.at ?? null;
  }
}

function prepare(db: Database) {
  return {
    /** Everything that decides is in the one statement, so that no other process can come between. */
    claim: db.prepare<Caps & { now: number }, TaskRow>(
      `UPDATE tasks
       SET state = 'preparing', generation = generation + 1, reason = NULL, wake_at = NULL, updated_at = :now
       WHERE seq = (
         SELECT seq FROM tasks
         WHERE state = 'queued' AND (wake_at IS NULL OR wake_at <= :now)
           AND NOT EXISTS (SELECT 1 FROM switches WHERE name = 'paused')
           AND (SELECT count(*) FROM tasks WHERE ${IS_ACTIVE}) < :maxConcurrent
           AND repo NOT IN (SELECT repo FROM tasks WHERE ${IS_ACTIVE} GROUP BY repo HAVING count(*) >= :maxPerRepo)
         ORDER BY priority, seq LIMIT 1)
       RETURNING ${TASK_COLUMNS}`,
    ),
    nextDueAfter: db.prepare<{ time: number }, { at: number | null }>(
      `SELECT min(wake_at) AS at FROM tasks WHERE state = 'queued' AND wake_at > :time`,
    ),
  };
}
