import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { ForgeError } from '../errors.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { EventType, NewEvent, TaskEvent } from '../task/event.ts';
import type { TaskId } from '../task/ids.ts';

/** How many bytes of an attempt's two streams have become events. */
export interface OutputOffsets {
  stdout: number;
  stderr: number;
}

/** What happened to each task, in the order it was written. */
export class EventLog {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #listeners = new Set<(taskId: TaskId) => void>();
  readonly #changed = new Set<TaskId>();

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#sql = prepare(db);
  }

  /** Joins the caller's transaction where there is one, and disappears with it. */
  append(taskId: TaskId, attempt: number | null, event: NewEvent): TaskEvent {
    const at = this.#clock.now();
    const data = event.data === undefined ? null : JSON.stringify(event.data);
    const row = { taskId, attempt, at, type: event.type, text: event.text, data };
    const { lastInsertRowid } = atomically(this.#db, () => this.#sql.insert.run(row));
    this.#announce(taskId);
    return { ...event, seq: Number(lastInsertRowid), taskId, at, attempt };
  }

  /**
   * Appends what the output up to these offsets said, and the offsets with it, so that a reader that starts again
   * at `outputOffsets` loses and doubles nothing. Throws `stale` where more was consumed already.
   */
  appendOutput(taskId: TaskId, attempt: number, offsets: OutputOffsets, events: readonly NewEvent[]): void {
    atomically(this.#db, () => {
      if (this.#sql.advance.run({ taskId, attempt, ...offsets }).changes === 0) {
        throw new ForgeError(
          `attempt ${attempt} of task ${taskId} is unknown, or more of its output was read`,
          {
            category: 'stale',
            service: 'forge',
          },
        );
      }
      for (const event of events) {
        this.append(taskId, attempt, event);
      }
    });
  }

  /** Throws `not_found` for an attempt that was never begun. */
  outputOffsets(taskId: TaskId, attempt: number): OutputOffsets {
    const offsets = this.#sql.offsets.get({ taskId, attempt });
    if (offsets === undefined) {
      throw new ForgeError(`task ${taskId} has no attempt ${attempt}`, {
        category: 'not_found',
        service: 'forge',
      });
    }
    return offsets;
  }

  /** Oldest first, of one task or of all. */
  read(filter: { taskId?: TaskId; afterSeq?: number; limit?: number } = {}): TaskEvent[] {
    const range = { afterSeq: filter.afterSeq ?? 0, limit: filter.limit ?? -1 };
    const rows =
      filter.taskId === undefined
        ? this.#sql.readAll.all(range)
        : this.#sql.read.all({ taskId: filter.taskId, ...range });
    return rows.map(toEvent);
  }

  /** The last `count` events of a task, oldest first. */
  tail(taskId: TaskId, count: number): TaskEvent[] {
    return this.#sql.tail.all({ taskId, count }).reverse().map(toEvent);
  }

  /**
   * Calls back soon after something was written for a task, at times for nothing: the listener reads from its own
   * `seq`. Several writes in a row are one call. Returns the way to unsubscribe.
   */
  subscribe(listener: (taskId: TaskId) => void): () => void {
    // Wrapped, so that a function which subscribes twice is called twice.
    const entry = (taskId: TaskId) => listener(taskId);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Transactions are synchronous, so a microtask runs after the commit, and a listener cannot throw into the writer. */
  #announce(taskId: TaskId): void {
    if (this.#changed.size === 0) {
      queueMicrotask(() => this.#tellListeners());
    }
    this.#changed.add(taskId);
  }

  #tellListeners(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const listener of this.#listeners) {
      for (const taskId of changed) {
        // One microtask each: a listener that throws keeps no other from hearing.
        queueMicrotask(() => listener(taskId));
      }
    }
  }
}

interface EventRow {
  seq: number;
  taskId: TaskId;
  attempt: number | null;
  at: number;
  type: EventType;
  text: string;
  data: string | null;
}

const eventData = z.record(z.string(), z.unknown());

function toEvent({ data, ...row }: EventRow): TaskEvent {
  return data === null ? row : { ...row, data: eventData.parse(JSON.parse(data)) };
}

function prepare(db: Database) {
  const columns = 'seq, task_id AS taskId, attempt, at, type, text, data';
  return {
    insert: db.prepare<Omit<EventRow, 'seq'>>(
      `INSERT INTO events (task_id, attempt, at, type, text, data)
       VALUES (:taskId, :attempt, :at, :type, :text, :data)`,
    ),
    advance: db.prepare<{ taskId: TaskId; attempt: number } & OutputOffsets>(
      `UPDATE attempts SET stdout_offset = :stdout, stderr_offset = :stderr
       WHERE task_id = :taskId AND number = :attempt AND stdout_offset <= :stdout AND stderr_offset <= :stderr`,
    ),
    offsets: db.prepare<{ taskId: TaskId; attempt: number }, OutputOffsets>(
      `SELECT stdout_offset AS stdout, stderr_offset AS stderr FROM attempts
       WHERE task_id = :taskId AND number = :attempt`,
    ),
    read: db.prepare<{ taskId: TaskId; afterSeq: number; limit: number }, EventRow>(
      `SELECT ${columns} FROM events WHERE task_id = :taskId AND seq > :afterSeq ORDER BY seq LIMIT :limit`,
    ),
    readAll: db.prepare<{ afterSeq: number; limit: number }, EventRow>(
      `SELECT ${columns} FROM events WHERE seq > :afterSeq ORDER BY seq LIMIT :limit`,
    ),
    tail: db.prepare<{ taskId: TaskId; count: number }, EventRow>(
      `SELECT ${columns} FROM events WHERE task_id = :taskId ORDER BY seq DESC LIMIT :count`,
    ),
  };
}
