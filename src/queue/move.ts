import type { Clock } from '../clock.ts';
import { ForgeError } from '../errors.ts';
import type { EventLog } from '../events/event-log.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { Sha, TaskId } from '../task/ids.ts';
import { isFinal, NEXT_STATES, type TaskState } from '../task/state.ts';
import type { Claim, PullRequestRef, Task } from '../task/task.ts';
import { stateEvent } from './state-event.ts';
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts';

/** A change of state with everything that changes along with it; a `reason` or `wakeAt` left out is cleared. */
export interface Move {
  /** The states that this move may start from; `NEXT_STATES` has the last word. */
  from: readonly TaskState[];
  to: TaskState;
  reason?: string;
  wakeAt?: number | null;
  review?: { pullRequest: PullRequestRef; headSha: Sha };
}

/** The one place where a task that exists changes its state, apart from being claimed. */
export class Mover {
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

  /** Throws `stale` unless the task still has this generation and one of the states that the move starts from. */
  move({ id, generation }: Claim, move: Move): Task {
    return atomically(this.#db, () => {
      const { to, reason = null, wakeAt = null, review } = move;
      const from = this.#sql.state.get({ id, generation })?.state;
      if (from === undefined || !move.from.includes(from) || !NEXT_STATES[from].includes(to)) {
        throw stale({ id, generation }, to, from);
      }
      const now = this.#clock.now();
      const row = this.#sql.update.get({
        id,
        generation,
        from,
        to,
        reason,
        wakeAt,
        headSha: review?.headSha ?? null,
        prNumber: review?.pullRequest.number ?? null,
        prUrl: review?.pullRequest.url ?? null,
        prState: review?.pullRequest.state ?? null,
        now,
        finishedAt: isFinal(to) ? now : null,
      });
      if (row === undefined) {
        throw stale({ id, generation }, to, from);
      }
      this.#events.append(id, null, stateEvent(from, to, reason));
      return toTask(row);
    });
  }
}

function stale({ id, generation }: Claim, to: TaskState, from: TaskState | undefined): ForgeError {
  const why =
    from === undefined ? `it is not there with generation ${generation} any more` : `it is ${from} by now`;
  return new ForgeError(`task ${id} cannot become ${to}: ${why}`, {
    category: 'stale',
    service: 'forge',
    data: { id, generation, from, to },
  });
}

interface Update {
  id: TaskId;
  generation: number;
  from: TaskState;
  to: TaskState;
  reason: string | null;
  wakeAt: number | null;
  headSha: Sha | null;
  prNumber: number | null;
  prUrl: string | null;
  prState: string | null;
  now: number;
  finishedAt: number | null;
}

function prepare(db: Database) {
  return {
    state: db.prepare<Claim, { state: TaskState }>(
      'SELECT state FROM tasks WHERE id = :id AND generation = :generation',
    ),
    update: db.prepare<Update, TaskRow>(
      `UPDATE tasks
       SET state = :to, reason = :reason, wake_at = :wakeAt, updated_at = :now, finished_at = :finishedAt,
         head_sha = coalesce(:headSha, head_sha), pr_number = coalesce(:prNumber, pr_number),
         pr_url = coalesce(:prUrl, pr_url), pr_state = coalesce(:prState, pr_state)
       WHERE id = :id AND generation = :generation AND state = :from
       RETURNING ${TASK_COLUMNS}`,
    ),
  };
}
