import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { ForgeError } from '../errors.ts';
import { databaseError } from './database-error.ts';
import { migrate, schemaVersion } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';

/** A connection of better-sqlite3, for the rooms that keep something in the database. */
export type Database = BetterSqlite3.Database;

/**
 * Opens or makes the file (mode 0600) with today's schema. A commit on this connection is on the disk when it
 * returns. Throws `settings` where the file is unusable or belongs to a newer forge.
 */
export function openDatabase(file: string): Database {
  makePrivate(file);
  return open(file, {}, (db) => migrate(db, MIGRATIONS));
}

/**
 * Opens the file for reading alone, beside a daemon or without one; null where forge never ran. Throws `settings`
 * where the schema is not today's.
 */
export function openReadOnly(file: string): Database | null {
  return existsSync(file) ? open(file, { readonly: true }, requireTodaysSchema) : null;
}

function open(file: string, options: BetterSqlite3.Options, prepare: (db: Database) => void): Database {
  let db: Database | undefined;
  try {
    db = new BetterSqlite3(file, options);
    configure(db);
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw databaseError(error, file);
  }
}

/** Each value is read back: SQLite ignores a pragma that it cannot honour without a word. */
function configure(db: Database): void {
  set(db, 'busy_timeout', 5000, 5000);
  set(db, 'journal_mode', 'WAL', 'wal');
  // After WAL: better-sqlite3 is compiled so that a WAL database without this would run at NORMAL.
  set(db, 'synchronous', 'FULL', 2);
  set(db, 'foreign_keys', 'ON', 1);
}

function set(db: Database, pragma: string, value: string | number, effective: string | number): void {
  db.pragma(`${pragma} = ${value}`);
  const actual = db.pragma(pragma, { simple: true });
  if (actual !== effective) {
    throw new ForgeError(`the database ${db.name} does not take ${pragma} = ${value}: it stays ${actual}`, {
      category: 'settings',
      service: 'database',
      next: 'Move FORGE_HOME to a local file system; network file systems do not support this',
    });
  }
}

function requireTodaysSchema(db: Database): void {
  const version = schemaVersion(db, MIGRATIONS.length);
  if (version < MIGRATIONS.length) {
    throw new ForgeError(
      `the database ${db.name} has schema version ${version}, this forge reads version ${MIGRATIONS.length}`,
      { category: 'settings', service: 'database', next: 'Run `forge start` once to bring it up to date' },
    );
  }
}

function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch (cause) {
    throw new ForgeError(`cannot write the database ${file}`, {
      category: 'settings',
      service: 'database',
      next: 'Make FORGE_HOME a directory that forge may write to',
      cause,
    });
  }
}
