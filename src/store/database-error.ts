import BetterSqlite3 from 'better-sqlite3';
import { ForgeError } from '../errors.ts';

/** SQLite's own error as a `ForgeError`; any other value comes back as it is. */
export function databaseError(error: unknown, file: string): unknown {
  if (!(error instanceof BetterSqlite3.SqliteError)) {
    return error;
  }
  const message = `the database ${file}: ${error.message} (${error.code})`;
  const fields = { service: 'database', cause: error } as const;
  switch (error.code.split('_')[1]) {
    case 'BUSY':
    case 'LOCKED':
      return new ForgeError(message, {
        ...fields,
        category: 'unavailable',
        next: 'Find out which other process holds the file; forge tries again',
      });
    case 'FULL':
      return new ForgeError(message, { ...fields, category: 'unavailable', next: 'Free space on the disk' });
    case 'CANTOPEN':
    case 'READONLY':
    case 'PERM':
      return new ForgeError(message, {
        ...fields,
        category: 'settings',
        next: 'Make FORGE_HOME a directory on a local disk that forge may write to',
      });
    case 'NOTADB':
    case 'CORRUPT':
      return new ForgeError(message, {
        ...fields,
        category: 'settings',
        next: 'Restore the file from a backup, or move it away to start with an empty queue',
      });
    default:
      return new ForgeError(message, { ...fields, category: 'internal' });
  }
}
