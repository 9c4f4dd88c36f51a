import { ForgeError } from '../errors.ts';
import type { Database } from '../store/open-database.ts';
import type { TaskId } from '../task/ids.ts';
import type { TaskState } from '../task/state.ts';
import type { Evidence, Task } from '../task/task.ts';
import { parseEvidence } from './json-columns.ts';
import { IS_ACTIVE } from './sql.ts';
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts';

/** Reads tasks; it works on a read-only database as well. */
export class TaskFinder {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#sql = prepare(db);
  }

  get(id: TaskId): Task | null {
    return orNull(this.#sql.byId.get({ id }));
  }

  require(id: TaskId): Task {
    const task = this.get(id);
    if (task === null) {
      throw notFound(id);
    }
    return task;
  }

  /** The task that has not ended among those of an issue. */
  openOfIssue(issue: Pick<Task, 'repo' | 'issue'>): Task | null {
    return orNull(this.#sql.openOfIssue.get({ repo: issue.repo, issue: issue.issue }));
  }

  evidence(id: TaskId): Evidence {
    const row = this.#sql.evidence.get({ id });
    if (row === undefined) {
      throw notFound(id);
    }
    return parseEvidence(row.evidence);
  }

  active(): Task[] {
    return this.#sql.active.all().map(toTask);
  }

  list({ state, limit = Number.MAX_SAFE_INTEGER }: { state?: TaskState; limit?: number }): Task[] {
    const sql = this.#sql;
    const open = state ? sql.openInState.all({ state, limit }) : sql.open.all({ limit });
    const rest = limit - open.length;
    const ended = state ? sql.endedInState.all({ state, limit: rest }) : sql.ended.all({ limit: rest });
    return [...open, ...ended].map(toTask);
  }

  counts(): Partial<Record<TaskState, number>> {
    return Object.fromEntries(this.#sql.counts.all().map(({ state, count }) => [state, count]));
  }

  resolve(text: string): Task {
    const issue = /^(?<repo>[^#]*)#(?<number>[1-9][0-9]*)$/.exec(text)?.groups;
    return issue === undefined
      ? this.#byPrefix(text)
      : this.#newestOfIssue(text, issue.repo || this.#onlyRepo(text), Number(issue.number));
  }

  #byPrefix(text: string): Task {
    const from = text.toLowerCase();
    const [task, another] = from === '' ? [] : this.#sql.byPrefix.all({ from, to: `${from}~` });
    if (task === undefined) {
      throw notFound(text);
    }
    if (another !== undefined) {
      throw ambiguous(text, 'several tasks begin like this', 'Give more of the id.');
    }
    return toTask(task);
  }

  #newestOfIssue(text: string, repo: string | undefined, issue: number): Task {
    const task = repo === undefined ? undefined : this.#sql.newestOfIssue.get({ repo, issue });
    if (task === undefined) {
      throw notFound(text);
    }
    return toTask(task);
  }

  /** undefined where there is no task at all. */
  #onlyRepo(text: string): string | undefined {
    const repos = this.#sql.firstAndLastRepo.get();
    if (repos?.same === 0) {
      throw ambiguous(text, 'there are tasks of several repositories', `Write owner/name${text}.`);
    }
    return repos?.first;
  }
}

function orNull(row: TaskRow | undefined): Task | null {
  return row === undefined ? null : toTask(row);
}

function notFound(what: string): ForgeError {
  return new ForgeError(`there is no task ${what}`, {
    category: 'not_found',
    service: 'forge',
    next: 'See `forge tasks` for what there is',
  });
}

function ambiguous(text: string, why: string, next: string): ForgeError {
  return new ForgeError(`${text} is ambiguous: ${why}`, { category: 'usage', service: 'forge', next });
}

function prepare(db: Database) {
  const select = `SELECT ${TASK_COLUMNS} FROM tasks`;
  return {
    byId: db.prepare<{ id: TaskId }, TaskRow>(`${select} WHERE id = :id`),
    byPrefix: db.prepare<{ from: string; to: string }, TaskRow>(
      `${select} WHERE id >= :from AND id < :to LIMIT 2`,
    ),
    newestOfIssue: db.prepare<{ repo: string; issue: number }, TaskRow>(
      `${select} WHERE repo = :repo AND issue = :issue ORDER BY seq DESC LIMIT 1`,
    ),
    openOfIssue: db.prepare<{ repo: string; issue: number }, TaskRow>(
      `${select} WHERE repo = :repo AND issue = :issue AND finished_at IS NULL`,
    ),
    /** Two look-ups in an index, where DISTINCT would read it whole. */
    firstAndLastRepo: db.prepare<[], { first: string; same: 0 | 1 }>(
      `SELECT first.repo AS first, first.repo = last.repo AS same
       FROM (SELECT repo FROM tasks ORDER BY repo LIMIT 1) first,
         (SELECT repo FROM tasks ORDER BY repo DESC LIMIT 1) last`,
    ),
    evidence: db.prepare<{ id: TaskId }, { evidence: string }>(
      'SELECT evidence FROM evidence WHERE task_id = :id',
    ),
    active: db.prepare<[], TaskRow>(`${select} WHERE ${IS_ACTIVE} ORDER BY seq`),
    open: db.prepare<{ limit: number }, TaskRow>(
      `${select} WHERE finished_at IS NULL ORDER BY seq LIMIT :limit`,
    ),
    openInState: db.prepare<{ state: TaskState; limit: number }, TaskRow>(
      `${select} WHERE state = :state AND finished_at IS NULL ORDER BY seq LIMIT :limit`,
    ),
    ended: db.prepare<{ limit: number }, TaskRow>(
      `${select} WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, seq DESC LIMIT :limit`,
    ),
    endedInState: db.prepare<{ state: TaskState; limit: number }, TaskRow>(
      `${select} WHERE state = :state AND finished_at IS NOT NULL ORDER BY finished_at DESC, seq DESC LIMIT :limit`,
    ),
    /** In two halves, each of which has an index of its own. */
    counts: db.prepare<[], { state: TaskState; count: number }>(
      `SELECT state, count(*) AS count FROM tasks WHERE finished_at IS NULL GROUP BY state
       UNION ALL SELECT state, count(*) FROM tasks WHERE finished_at IS NOT NULL GROUP BY state`,
    ),
  };
}
