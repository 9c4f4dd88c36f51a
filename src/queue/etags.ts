import { atomically } from '../store/atomically.ts';
import type { Database } from '../store/open-database.ts';

/** The ETag of the last answer that was worked through, per polled URL. */
export class Etags {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = prepare(db);
  }

  get(key: string): string | null {
    return this.#sql.get.get({ key })?.etag ?? null;
  }

  set(key: string, etag: string | null): void {
    atomically(this.#db, () =>
      etag === null ? this.#sql.forget.run({ key }) : this.#sql.set.run({ key, etag }),
    );
  }
}

function prepare(db: Database) {
  return {
    get: db.prepare<{ key: string }, { etag: string }>('SELECT etag FROM etags WHERE key = :key'),
    set: db.prepare<{ key: string; etag: string }>(
      `INSERT INTO etags (key, etag) VALUES (:key, :etag) ON CONFLICT (key) DO UPDATE SET etag = excluded.etag`,
    ),
    forget: db.prepare<{ key: string }>('DELETE FROM etags WHERE key = :key'),
  };
}
