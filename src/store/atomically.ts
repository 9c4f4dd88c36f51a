import type BetterSqlite3 from 'better-sqlite3';
import { databaseError } from './database-error.ts';

type Run = (body: () => unknown) => unknown;

/** One for each connection: making a transaction function costs more than most transactions. */
const runs = new WeakMap<BetterSqlite3.Database, BetterSqlite3.Transaction<Run>>();

/**
 * Runs `body` in one transaction that holds the write lock from its first line; inside another one it is a
 * savepoint of that. Whatever `body` throws undoes what it wrote; SQLite's own errors come out as `ForgeError`s.
 */
export function atomically<T>(db: BetterSqlite3.Database, body: () => T): T {
  const run = runs.get(db) ?? db.transaction<Run>((inner) => inner());
  runs.set(db, run);
  try {
    // A run returns what its body returns.
    return run.immediate(body) as T;
  } catch (error) {
    throw databaseError(error, db.name);
  }
}
