import type { Clock } from '../clock.ts';
import type { EventLog } from '../events/event-log.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import { newTaskId, type RepoName, type TaskId } from '../task/ids.ts';
import type { Evidence, Task } from '../task/task.ts';
import { inserted } from './sql.ts';
import { stateEvent } from './state-event.ts';
import type { TaskFinder } from './task-finder.ts';
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts';

/** A trigger that was admitted, with the issue frozen as it was then. */
export interface NewTask
  extends Pick<Task, 'repo' | 'issue' | 'title' | 'triggerEvent' | 'priority' | 'agent' | 'branch'> {
  evidence: Evidence;
}

/** Only `enqueued` has written anything. */
export type EnqueueResult =
  | { kind: 'enqueued'; task: Task }
  /** This trigger made a task before, whatever became of it. */
  | { kind: 'duplicate'; taskId: TaskId }
  /** Another trigger's task for the same issue has not ended yet. */
  | { kind: 'already_open'; taskId: TaskId };

/** The way into the queue. */
export class Enqueuer {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #finder: TaskFinder;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database, clock: Clock, events: EventLog, finder: TaskFinder) {
    this.#db = db;
    this.#clock = clock;
    this.#events = events;
    this.#finder = finder;
    this.#sql = prepare(db);
  }

  enqueue(task: NewTask): EnqueueResult {
    return atomically(this.#db, () => {
      const seen = this.#sql.ofTrigger.get({ repo: task.repo, triggerEvent: task.triggerEvent });
      if (seen !== undefined) {
        return { kind: 'duplicate', taskId: seen.id };
      }
      const open = this.#finder.openOfIssue(task);
      if (open !== null) {
        return { kind: 'already_open', taskId: open.id };
      }
      return { kind: 'enqueued', task: this.#insert(task) };
    });
  }

  #insert({ evidence, ...task }: NewTask): Task {
    const row = inserted(this.#sql.insert.get({ ...task, id: newTaskId(), now: this.#clock.now() }));
    this.#sql.insertEvidence.run({ taskId: row.id, evidence: JSON.stringify(evidence) });
    this.#events.append(row.id, null, stateEvent(null, 'queued', null));
    return toTask(row);
  }
}

function prepare(db: Database) {
  return {
    ofTrigger: db.prepare<{ repo: RepoName; triggerEvent: string }, { id: TaskId }>(
      'SELECT id FROM tasks WHERE repo = :repo AND trigger_event = :triggerEvent',
    ),
    insert: db.prepare<Omit<NewTask, 'evidence'> & { id: TaskId; now: number }, TaskRow>(
      `INSERT INTO tasks (id, repo, issue, title, trigger_event, state, priority, agent, branch, created_at, updated_at)
       VALUES (:id, :repo, :issue, :title, :triggerEvent, 'queued', :priority, :agent, :branch, :now, :now)
       RETURNING ${TASK_COLUMNS}`,
    ),
    insertEvidence: db.prepare<{ taskId: TaskId; evidence: string }>(
      'INSERT INTO evidence (task_id, evidence) VALUES (:taskId, :evidence)',
    ),
  };
}
