import { expect, test } from 'vitest';
import { openQueue } from '../../test/support/queue.ts';
import { atomically } from './atomically.ts';
import { type Database, openDatabase } from './open-database.ts';

test('undoes everything when the body throws, and lets the error through as it is', () => {
  const { db } = openQueue();
  const error = new Error('no');
  expect(() =>
    atomically(db, () => {
      put(db, 'a');
      throw error;
    }),
  ).toThrow(error);
  expect(keys(db)).toEqual([]);
});

test('undoes an inner body alone when the outer one goes on', () => {
  const { db } = openQueue();
  atomically(db, () => {
    put(db, 'outer');
    expect(() =>
      atomically(db, () => {
        put(db, 'inner');
        throw new Error('no');
      }),
    ).toThrow('no');
  });
  expect(keys(db)).toEqual(['outer']);
});

test('is unavailable, not broken, while another connection holds the write lock', () => {
  const { db, file } = openQueue();
  const other = openDatabase(file);
  db.pragma('busy_timeout = 0');
  other.exec('BEGIN IMMEDIATE');
  const unavailable = expect.objectContaining({ category: 'unavailable', service: 'database' });
  expect(() => atomically(db, () => put(db, 'a'))).toThrow(unavailable);
  other.exec('ROLLBACK');
  other.close();
  atomically(db, () => put(db, 'a'));
  expect(keys(db)).toEqual(['a']);
});

test('takes the write lock before it reads, so that what it read still holds when it writes', () => {
  const { db, file } = openQueue();
  const other = openDatabase(file);
  other.pragma('busy_timeout = 0');
  atomically(db, () => {
    keys(db);
    expect(() => put(other, 'between')).toThrow(/locked/);
  });
  other.close();
});

function put(db: Database, key: string): void {
  db.prepare(`INSERT INTO etags (key, etag) VALUES (?, 'x')`).run(key);
}

function keys(db: Database): unknown[] {
  return db.prepare('SELECT key FROM etags').pluck().all();
}
