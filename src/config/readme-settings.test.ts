import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REFUSED_SETTINGS, SETTINGS, UNUSED_SETTINGS } from './settings.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test("README's table has exactly the settings that exist, in the same order", () => {
  expect(tableRows().map(({ key }) => key)).toEqual(Object.keys(SETTINGS));
});

test.each(Object.entries(SETTINGS).filter(([, setting]) => setting.default !== null))(
  'README gives the default of %s',
  (key, setting) => {
    expect(rowOf(key)?.default).toBe(`\`${setting.default}\``);
  },
);

test.each(Object.entries(SETTINGS).filter(([, setting]) => setting.default === null))(
  'README promises no default value of %s, which has none',
  (key) => {
    expect(rowOf(key)?.default).not.toMatch(/^`[^`]*`$/);
  },
);

test('README says which other name a setting is known by', () => {
  for (const [key, { alias }] of Object.entries(SETTINGS)) {
    if (alias !== undefined) expect(rowOf(key)?.meaning).toContain(`\`${alias}\``);
  }
});

test('README offers no setting that this version refuses or ignores', () => {
  for (const key of [...REFUSED_SETTINGS, ...UNUSED_SETTINGS]) expect(README).not.toContain(key);
});

function rowOf(key: string) {
  return tableRows().find((row) => row.key === key);
}

function tableRows() {
  const rows = README.matchAll(/^\| `([A-Z][A-Z_]+)` *\| (.*?) *\| (.*?) *\|$/gm);
  return [...rows].map(([, key = '', cell = '', meaning = '']) => ({ key, default: cell, meaning }));
}
