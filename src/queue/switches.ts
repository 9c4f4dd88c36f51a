import type { Clock } from '../clock.ts';
import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';

/** What a person has switched for the whole queue; it survives a restart. */
export class Switches {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#sql = prepare(db);
  }

  pause(): void {
    atomically(this.#db, () => this.#sql.pause.run({ now: this.#clock.now() }));
  }

  resume(): void {
    atomically(this.#db, () => this.#sql.resume.run());
  }

  isPaused(): boolean {
    return this.#sql.paused.get() !== undefined;
  }
}

function prepare(db: Database) {
  return {
    pause: db.prepare<{ now: number }>(
      `INSERT INTO switches (name, set_at) VALUES ('paused', :now) ON CONFLICT DO NOTHING`,
    ),
    resume: db.prepare<[]>(`DELETE FROM switches WHERE name = 'paused'`),
    paused: db.prepare<[], { name: string }>(`SELECT name FROM switches WHERE name = 'paused'`),
  };
}
