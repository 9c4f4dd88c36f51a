import type BetterSqlite3 from 'better-sqlite3';
import { databaseError } from './database-error.ts';

/**
 * Runs `body` in one transaction that holds the write lock from its first line; inside another one it is a
 * savepoint of that. Whatever `body` throws undoes what it wrote; SQLite's own errors come out as `ForgeError`s.
 */
export function atomically<T>(db: BetterSqlite3.Database, body: () => T): T {
  try {
    return db.transaction(body).immediate();
  } catch (error) {
    throw databaseError(error, db.name);
  }
}
