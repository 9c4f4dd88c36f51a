import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../test/support/queue.ts';
import { migrate } from './migrate.ts';
import { type Database, openDatabase, openReadOnly } from './open-database.ts';

const settings = expect.objectContaining({ category: 'settings', service: 'database' });

describe('openDatabase', () => {
  test('runs every connection at WAL, FULL, with foreign keys and a busy timeout, also after its first write', () => {
    const file = newFile();
    for (const db of [opened(file), opened(file)]) {
      db.exec(`INSERT INTO etags (key, etag) VALUES (hex(randomblob(4)), 'x')`);
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
      expect(pragmas.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 2, 1, 5000]);
      expect(() => db.exec(`INSERT INTO evidence (task_id, evidence) VALUES ('nobody', '{}')`)).toThrow(
        /FOREIGN KEY/,
      );
    }
  });

  test('keeps the file and its companions private, also where the file was not', () => {
    const file = newFile();
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    const db = opened(file);
    db.exec(`INSERT INTO etags (key, etag) VALUES ('a', 'b')`);
    const directory = join(file, '..');
    const modes = readdirSync(directory).map((name) => [
      name,
      (statSync(join(directory, name)).mode & 0o777).toString(8),
    ]);
    expect(Object.fromEntries(modes)).toEqual({
      'forge.db': '600',
      'forge.db-wal': '600',
      'forge.db-shm': '600',
    });
  });

  test('keeps what is there when it opens again', () => {
    const file = newFile();
    const first = openDatabase(file);
    first.exec(`INSERT INTO etags (key, etag) VALUES ('a', 'b')`);
    first.close();
    expect(opened(file).prepare('SELECT etag FROM etags').pluck().all()).toEqual(['b']);
  });

  test('refuses a newer schema, names both versions, and leaves it as it was', () => {
    const file = newFile();
    opened(file).pragma('user_version = 99');
    expect(() => openDatabase(file)).toThrow(settings);
    expect(() => openDatabase(file)).toThrow(/schema version 99.*versions up to 1/);
    expect(() => openReadOnly(file)).toThrow(/schema version 99/);
  });

  test('names a file that is no database', () => {
    const file = newFile();
    writeFileSync(file, 'hello '.repeat(1000));
    expect(() => openDatabase(file)).toThrow(settings);
    expect(() => openDatabase(file)).toThrow(file);
  });

  test('names the file where its directory is missing', () => {
    const file = join(newFile(), 'missing', 'forge.db');
    expect(() => openDatabase(file)).toThrow(settings);
    expect(() => openDatabase(file)).toThrow(file);
  });
});

describe('openReadOnly', () => {
  test('answers null where there is no file, and makes none', () => {
    const file = newFile();
    expect(openReadOnly(file)).toBeNull();
    expect(existsSync(file)).toBe(false);
  });

  test('reads beside a writer and cannot write', () => {
    const file = newFile();
    const writer = opened(file);
    const reader = closedLater(openReadOnly(file));
    writer.exec(`INSERT INTO etags (key, etag) VALUES ('a', 'b')`);
    expect(reader.prepare('SELECT etag FROM etags').pluck().all()).toEqual(['b']);
    expect(() => reader.exec('DELETE FROM etags')).toThrow(/readonly/);
  });

  test('reads after the last writer has gone', () => {
    const file = newFile();
    openDatabase(file).close();
    expect(closedLater(openReadOnly(file)).prepare('SELECT count(*) FROM tasks').pluck().get()).toBe(0);
  });

  test('asks for a start where the schema is older', () => {
    const file = newFile();
    opened(file).pragma('user_version = 0');
    expect(() => openReadOnly(file)).toThrow(settings);
  });
});

describe('migrate', () => {
  const first = 'CREATE TABLE a (x); INSERT INTO a VALUES (1);';

  test('applies what is missing, after a copy of what was there', () => {
    const file = newFile();
    const db = opened(file);
    db.exec(first);
    migrate(db, ['never applied again', 'CREATE TABLE b (x)', 'INSERT INTO b VALUES (3)']);
    expect(db.prepare('SELECT x FROM b').pluck().all()).toEqual([3]);
    expect(db.pragma('user_version', { simple: true })).toBe(3);
    expect(statSync(`${file}.before-v3`).mode & 0o777).toBe(0o600);
    const copy = opened(`${file}.before-v3`);
    expect(copy.prepare('SELECT x FROM a').pluck().all()).toEqual([1]);
    expect(copy.prepare(`SELECT count(*) FROM sqlite_master WHERE name = 'b'`).pluck().get()).toBe(0);
  });

  test('changes nothing where one step fails', () => {
    const db = opened(newFile());
    expect(() => migrate(db, ['', first, 'CREATE TABLE broken ('])).toThrow();
    expect(db.pragma('user_version', { simple: true })).toBe(1);
    expect(db.prepare(`SELECT count(*) FROM sqlite_master WHERE name = 'a'`).pluck().get()).toBe(0);
  });
});

function newFile(): string {
  return join(temporaryDirectory(), 'forge.db');
}

function opened(file: string): Database {
  return closedLater(openDatabase(file));
}

function closedLater(db: Database | null): Database {
  if (db === null) {
    throw new Error('there is no database');
  }
  onTestFinished(() => {
    db.close();
  });
  return db;
}
