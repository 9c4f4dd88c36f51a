import type { Clock } from '../clock.ts';
import { ForgeError } from '../errors.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { Sha, TaskId } from '../task/ids.ts';
import type { Outcome, Verification } from '../task/outcome.ts';
import type { Attempt, Claim, Usage } from '../task/task.ts';
import { ATTEMPT_COLUMNS, type AttemptRow, toAttempt } from './attempt-rows.ts';
import { ClaimGuard } from './claim-guard.ts';
import { inserted } from './sql.ts';

/** What is known when an attempt begins. */
export type NewAttempt = Pick<Attempt, 'kind' | 'baseSha' | 'startSha'>;

/** `resultSha` is the work it left, which a failed attempt may have as well; null where there is none. */
export interface AttemptEnd {
  outcome: Outcome;
  resultSha: Sha | null;
}

/** What is known about each attempt; every write but the usage needs the newest claim of the task. */
export class Attempts {
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

  begin(claim: Claim, attempt: NewAttempt): Attempt {
    return atomically(this.#db, () => {
      this.#guard.requireActive(claim);
      const unfinished = this.#sql.unfinished.get({ id: claim.id });
      if (unfinished !== undefined) {
        throw new ForgeError(`attempt ${unfinished.number} of task ${claim.id} has not ended`, {
          category: 'conflict',
          service: 'forge',
          data: { id: claim.id, number: unfinished.number },
        });
      }
      const { id, generation } = claim;
      const row = this.#sql.insert.get({ ...attempt, id, generation, now: this.#clock.now() });
      return toAttempt(inserted(row));
    });
  }

  recordContainer(claim: Claim, number: number, containerId: string): void {
    this.#record(claim, number, () => this.#sql.container.run({ id: claim.id, number, containerId }));
  }

  recordStart(claim: Claim, number: number, at: number): void {
    this.#record(claim, number, () => this.#sql.start.run({ id: claim.id, number, at }));
  }

  recordPause(claim: Claim, number: number, at: number): void {
    this.#record(claim, number, () => this.#sql.pause.run({ id: claim.id, number, at }));
  }

  recordResume(claim: Claim, number: number, at: number): number {
    return atomically(this.#db, () => {
      this.#guard.requireNewest(claim);
      return this.#sql.resume.get({ id: claim.id, number, at })?.pausedMs ?? 0;
    });
  }

  finish(claim: Claim, number: number, { outcome, resultSha }: AttemptEnd): void {
    const end = { id: claim.id, number, outcome: JSON.stringify(outcome), resultSha, now: this.#clock.now() };
    this.#record(claim, number, () => this.#sql.finish.run(end));
  }

  recordVerification(claim: Claim, number: number, verification: Verification): void {
    const json = JSON.stringify(verification);
    this.#record(claim, number, () =>
      this.#sql.verification.run({ id: claim.id, number, verification: json }),
    );
  }

  addUsage(id: TaskId, number: number, usage: Usage): void {
    atomically(this.#db, () => requireChange(this.#sql.usage.run({ id, number, ...usage }), id, number));
  }

  of(id: TaskId): Attempt[] {
    return this.#sql.ofTask.all({ id }).map(toAttempt);
  }

  #record(claim: Claim, number: number, write: () => { changes: number }): void {
    atomically(this.#db, () => {
      this.#guard.requireNewest(claim);
      requireChange(write(), claim.id, number);
    });
  }
}

function requireChange({ changes }: { changes: number }, id: TaskId, number: number): void {
  if (changes === 0) {
    throw new ForgeError(
      `task ${id} has no attempt ${number} that this could be noted for: unknown, or ended`,
      {
        category: 'conflict',
        service: 'forge',
        data: { id, number },
      },
    );
  }
}

interface Key {
  id: TaskId;
  number: number;
}

function prepare(db: Database) {
  const underWay = 'WHERE task_id = :id AND number = :number AND finished_at IS NULL';
  return {
    unfinished: db.prepare<{ id: TaskId }, { number: number }>(
      'SELECT number FROM attempts WHERE task_id = :id AND finished_at IS NULL',
    ),
    insert: db.prepare<NewAttempt & Claim & { now: number }, AttemptRow>(
      `INSERT INTO attempts (task_id, number, kind, generation, base_sha, start_sha, created_at)
       SELECT :id, coalesce(max(number), 0) + 1, :kind, :generation, :baseSha, :startSha, :now
       FROM attempts WHERE task_id = :id
       RETURNING ${ATTEMPT_COLUMNS}`,
    ),
    container: db.prepare<Key & { containerId: string }>(
      `UPDATE attempts SET container_id = :containerId ${underWay}`,
    ),
    start: db.prepare<Key & { at: number }>(`UPDATE attempts SET started_at = :at ${underWay}`),
    pause: db.prepare<Key & { at: number }>(`UPDATE attempts SET paused_at = :at ${underWay}`),
    resume: db.prepare<Key & { at: number }, { pausedMs: number }>(
      `UPDATE attempts SET paused_ms = paused_ms + max(0, :at - coalesce(paused_at, :at)), paused_at = NULL ${underWay}
       RETURNING paused_ms AS pausedMs`,
    ),
    finish: db.prepare<Key & { outcome: string; resultSha: Sha | null; now: number }>(
      `UPDATE attempts SET outcome = :outcome, result_sha = :resultSha, finished_at = :now ${underWay}`,
    ),
    verification: db.prepare<Key & { verification: string }>(
      'UPDATE attempts SET verification = :verification WHERE task_id = :id AND number = :number',
    ),
    usage: db.prepare<Key & Usage>(
      `UPDATE attempts SET input_tokens = input_tokens + :inputTokens, output_tokens = output_tokens + :outputTokens,
         usd = usd + :usd
       WHERE task_id = :id AND number = :number`,
    ),
    ofTask: db.prepare<{ id: TaskId }, AttemptRow>(
      `SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE task_id = :id ORDER BY number`,
    ),
  };
}
