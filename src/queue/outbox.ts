import type { Clock } from '../clock.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';
import type { TaskId } from '../task/ids.ts';
import type { Claim } from '../task/task.ts';
import { ClaimGuard } from './claim-guard.ts';

/** One write to the outside world that must happen once; `T` is what it came to, as JSON. */
export interface OutboxEntry<T extends NonNullable<unknown>> {
  kind: string;
  /** Unique for this kind within the task. */
  key: string;
  intent: object;
  /** Looks whether it happened already, by a mark that `act` leaves; null if not. */
  find: () => Promise<T | null>;
  act: () => Promise<T>;
}

/** Makes a write to the outside world safe to repeat: after any crash, performing the entry again does not double it. */
export class Outbox {
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

  /**
   * The recorded result where there is one; otherwise notes the intent, looks for the mark, acts only where there is
   * none, and records. Throws `stale` without acting once the task was claimed again, and likewise where that
   * happened during the act: the new holder then finds the mark.
   */
  async perform<T extends NonNullable<unknown>>(claim: Claim, entry: OutboxEntry<T>): Promise<T> {
    const recorded = this.#begin(claim, entry);
    if (recorded !== null) {
      // What `record` wrote under this kind and key came from an entry of the same type.
      return JSON.parse(recorded) as T;
    }
    const found = await entry.find();
    if (found === null) {
      this.#guard.requireNewest(claim);
    }
    const result = found ?? (await entry.act());
    this.#record(claim, entry, result);
    return result;
  }

  #begin(
    claim: Claim,
    { kind, key, intent }: Pick<OutboxEntry<object>, 'kind' | 'key' | 'intent'>,
  ): string | null {
    return atomically(this.#db, () => {
      this.#guard.requireNewest(claim);
      const recorded = this.#sql.result.get({ id: claim.id, kind, key })?.result ?? null;
      if (recorded === null) {
        const { id, generation } = claim;
        this.#sql.intend.run({
          id,
          generation,
          kind,
          key,
          intent: JSON.stringify(intent),
          now: this.#clock.now(),
        });
      }
      return recorded;
    });
  }

  #record(claim: Claim, { kind, key }: { kind: string; key: string }, result: NonNullable<unknown>): void {
    atomically(this.#db, () => {
      this.#guard.requireNewest(claim);
      this.#sql.record.run({
        id: claim.id,
        kind,
        key,
        result: JSON.stringify(result),
        now: this.#clock.now(),
      });
    });
  }
}

interface Key {
  id: TaskId;
  kind: string;
  key: string;
}

function prepare(db: Database) {
  return {
    result: db.prepare<Key, { result: string | null }>(
      'SELECT result FROM outbox WHERE task_id = :id AND kind = :kind AND key = :key',
    ),
    intend: db.prepare<Key & { generation: number; intent: string; now: number }>(
      `INSERT INTO outbox (task_id, kind, key, generation, intent, created_at)
       VALUES (:id, :kind, :key, :generation, :intent, :now)
       ON CONFLICT (task_id, kind, key) DO UPDATE SET generation = excluded.generation, intent = excluded.intent`,
    ),
    record: db.prepare<Key & { result: string; now: number }>(
      `UPDATE outbox SET result = :result, done_at = :now
       WHERE task_id = :id AND kind = :kind AND key = :key AND done_at IS NULL`,
    ),
  };
}
