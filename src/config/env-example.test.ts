import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from './settings.ts';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const lines = [...example.matchAll(/^#?([A-Z][A-Z_]*)=(.*)$/gm)].map(([, key = '', value = '']) => ({
  key,
  value,
}));

test('.env.example holds every setting once, and nothing else', () => {
  expect(lines.map(({ key }) => key).sort()).toEqual(Object.keys(SETTINGS).sort());
});

test('.env.example shows the defaults that are in force, and no others', () => {
  const shown = Object.fromEntries(lines.map(({ key, value }) => [key, value]));
  const defaults = Object.entries(SETTINGS).map(([key, setting]) => [key, setting.default ?? '']);
  expect(shown).toEqual(Object.fromEntries(defaults));
});

test('each setting in .env.example has a comment above it or above its neighbour', () => {
  const blocks = example.split(/\n\n+/).filter((block) => /^#?[A-Z][A-Z_]*=/m.test(block));
  for (const block of blocks) expect(block).toMatch(/^# \S/);
});
