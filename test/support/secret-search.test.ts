import { expect, test } from 'vitest';
import { SecretSearch } from './secret-search.ts';

const SECRET = 'ghp_0123456789abcdef~?>';
const search = new SecretSearch({ token: SECRET, other: 'something else' });

test.each([0, 1, 2, 3])('finds a secret behind %i bytes in every form', (before) => {
  const bytes = Buffer.from(`${'x'.repeat(before)}${SECRET} and more`);
  expect(search.find(bytes)).toEqual([{ secret: 'token', form: 'plain' }]);
  for (const text of [bytes.toString('base64'), bytes.toString('base64url')]) {
    expect(search.find(`<${text}>`)).toEqual([{ secret: 'token', form: 'base64' }]);
  }
  expect(search.find(bytes.toString('hex').toUpperCase())).toEqual([{ secret: 'token', form: 'hex' }]);
});

test('finds nothing in what only resembles it', () => {
  expect(search.find(SECRET.slice(1))).toEqual([]);
  expect(search.find(Buffer.from(SECRET.slice(1)).toString('base64'))).toEqual([]);
});
