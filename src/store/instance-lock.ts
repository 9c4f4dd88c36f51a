import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { ForgeError } from '../errors.ts';

/** How long to wait for another process that is just taking the lock, ms. */
const SETTLE_MS = 1_000;

/** A connection that is collected as garbage is closed, and its lock with it; whoever forgets the lock still holds it. */
const heldLocks = new Set<Database.Database>();

export interface InstanceLock {
  release(): void;
}

/**
 * One daemon for each home: throws `conflict` with the holder's pid when there is one. The lock is SQLite's write lock
 * on a small file, so the kernel lets it go with the process: a crash leaves nothing stale, and a pid that was given
 * to another program means nothing. The file must not be opened by this process in any other way, since closing any
 * descriptor of a file drops the POSIX locks on it (fcntl(2)).
 */
export function acquireInstanceLock(file: string): InstanceLock {
  const db = new Database(file, { timeout: SETTLE_MS });
  chmodSync(file, 0o600);
  try {
    db.exec(
      'CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL) STRICT',
    );
    db.prepare('INSERT INTO holder VALUES (1, @pid) ON CONFLICT (id) DO UPDATE SET pid = @pid').run({
      pid: process.pid,
    });
    // Whoever committed last before this lock is taken holds it; a process that lost the race reads the other's pid.
    db.exec('BEGIN IMMEDIATE');
    if (readHolder(db) !== process.pid) throw held(db);
    heldLocks.add(db);
    return { release: () => release(db) };
  } catch (error) {
    const refusal = error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY' ? held(db) : error;
    db.close();
    throw refusal;
  }
}

function release(db: Database.Database): void {
  heldLocks.delete(db);
  db.close();
}

function held(db: Database.Database): ForgeError {
  const pid = readHolder(db);
  return new ForgeError(`forge is already running (pid ${pid})`, {
    category: 'conflict',
    service: 'forge',
    next: "Look at it with 'forge status', or end it with 'forge stop'",
    data: { pid },
  });
}

function readHolder(db: Database.Database): number | undefined {
  return db.prepare<[], { pid: number }>('SELECT pid FROM holder').get()?.pid;
}
