import { chmodSync, rmSync } from 'node:fs';
import type BetterSqlite3 from 'better-sqlite3';
import { ForgeError } from '../errors.ts';

/**
 * Brings the schema to the newest version, all or nothing; a database that already holds something is first copied to
 * `FILE.before-vN`. Throws `settings` where a newer forge has been at work.
 */
export function migrate(db: BetterSqlite3.Database, migrations: readonly string[]): void {
  const before = schemaVersion(db, migrations.length);
  if (before === migrations.length) {
    return;
  }
  if (before > 0) {
    backUp(db, `${db.name}.before-v${migrations.length}`);
  }
  db.transaction(() => {
    // Read again under the write lock: another process may have migrated meanwhile.
    for (const statements of migrations.slice(schemaVersion(db, migrations.length))) {
      db.exec(statements);
    }
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

/** The version of the schema in the file, 0 for an empty one. Throws `settings` where it is above `newest`. */
export function schemaVersion(db: BetterSqlite3.Database, newest: number): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > newest) {
    throw new ForgeError(
      `the database ${db.name} has schema version ${version}, but this forge knows versions up to ${newest}`,
      {
        category: 'settings',
        service: 'database',
        next: 'Install the newer forge again, or set FORGE_HOME to another directory',
      },
    );
  }
  return version;
}

function backUp(db: BetterSqlite3.Database, file: string): void {
  rmSync(file, { force: true });
  db.prepare('VACUUM INTO ?').run(file);
  chmodSync(file, 0o600);
}
