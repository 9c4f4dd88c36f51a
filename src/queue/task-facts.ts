import type { Clock } from '../clock.ts';
import { ForgeError } from '../errors.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { Sha, TaskId } from '../task/ids.ts';
import type { Claim, PullRequestRef } from '../task/task.ts';
import { ClaimGuard } from './claim-guard.ts';

/** What is learned about a task without moving it. */
export class TaskFacts {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #guard: ClaimGuard;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#guard = new ClaimGuard(db);
    this.#sql = prepare(db);
  }

  setBase(claim: Claim, baseSha: Sha): void {
    atomically(this.#db, () => {
      this.#guard.requireNewest(claim);
      this.#sql.base.run({ id: claim.id, baseSha, now: this.#clock.now() });
    });
  }

  setPullRequestState(id: TaskId, pullRequest: PullRequestRef): void {
    atomically(this.#db, () => {
      if (this.#sql.pullRequest.run({ id, ...pullRequest, now: this.#clock.now() }).changes === 0) {
        throw new ForgeError(`there is no task ${id}`, { category: 'not_found', service: 'forge' });
      }
    });
  }
}

function prepare(db: Database) {
  return {
    base: db.prepare<{ id: TaskId; baseSha: Sha; now: number }>(
      'UPDATE tasks SET base_sha = :baseSha, updated_at = :now WHERE id = :id',
    ),
    pullRequest: db.prepare<{ id: TaskId; now: number } & PullRequestRef>(
      `UPDATE tasks SET pr_number = :number, pr_url = :url, pr_state = :state, updated_at = :now WHERE id = :id`,
    ),
  };
}
