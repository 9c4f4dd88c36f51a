import { expect, test } from 'vitest';
import { inert, inertJson, inertLines } from './inert.ts';

/** Written out by code point, and not as the expression under test is. */
function isActive(code: number): boolean {
  const ranges = [
    [0x00, 0x08], // C0 without the tab
    [0x0a, 0x1f],
    [0x7f, 0x9f], // DEL, C1
    [0xad, 0xad],
    [0x061c, 0x061c],
    [0x180e, 0x180e],
    [0x200b, 0x200b],
    [0x200e, 0x200f],
    [0x2028, 0x202e], // separators, bidi embeddings and overrides
    [0x2060, 0x206f], // invisible operators, bidi isolates
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
    [0xe0000, 0xe0fff], // tags, variation selectors, and what may follow them
  ];
  return ranges.some(([from = 0, to = 0]) => code >= from && code <= to);
}

const NASTY = [
  '\x1b]52;c;aGVsbG8=\x07',
  '\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\',
  '\x1b[2J\x1b[H',
  '\x1b\x1b[0m[2J',
  '\x1b[31;1mred\x1b[0m',
  '\x1bP$q"p\x1b\\',
  '\x9b31m',
  '\x9d0;title\x9c',
  '\u202eevil\u202c',
  '\u2066x\u2069',
  '\u{e0041}\u{e007f}',
  '\u{e0100}',
  '\ud800',
  '\udc00',
  '\r\n',
  '\r',
  '\n',
  '\b\b',
  '\0',
  '\u2028',
  '\ufeff',
  '\u200b',
  '👩‍🚀',
  'نمی‌خواهم',
  'plain',
  '\t',
];

/** mulberry32: small, and the same numbers on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomText(random: () => number): string {
  const pieces = Array.from({ length: Math.floor(random() * 12) }, () =>
    random() < 0.5
      ? (NASTY[Math.floor(random() * NASTY.length)] ?? '')
      : String.fromCodePoint(Math.floor(random() * (random() < 0.5 ? 0x300 : 0x10ffff))),
  );
  return pieces.join('');
}

test('of any text nothing active is left', () => {
  const random = seeded(20_260_301);
  for (let round = 0; round < 20_000; round++) {
    const text = randomText(random);
    for (const line of [inert(text), ...inertLines(text)]) {
      const active = [...line].filter((character) => isActive(character.codePointAt(0) ?? 0));
      expect(active, JSON.stringify(text)).toEqual([]);
      expect(inert(line)).toBe(line);
    }
  }
});

test('JSON still means the same', () => {
  const random = seeded(7);
  for (let round = 0; round < 5_000; round++) {
    const value = { text: randomText(random) };
    const json = inertJson(JSON.stringify(value));
    expect(JSON.parse(json)).toEqual(value);
    expect([...json].filter((character) => isActive(character.codePointAt(0) ?? 0))).toEqual([]);
  }
});

test('what it was stays visible', () => {
  expect(inert('a\x1b[2Jb\u202ec')).toBe('a\\x1b[2Jb\\u{202e}c');
  expect(inert('one\r\ntwo')).toBe('one\\x0d\\x0atwo');
});

test('text, tabs and joined emoji stay as they are, and colours go', () => {
  expect(inert('naïve\t日本 👩‍🚀 نمی‌خواهم 🏳️‍🌈')).toBe('naïve\t日本 👩‍🚀 نمی‌خواهم 🏳️‍🌈');
  expect(inert('\x1b[1;31mred\x1b[0m')).toBe('red');
});

test('each line stands alone, and the last break begins none', () => {
  expect(inertLines('one\ntwo\r\n\nthree\rfour\n')).toEqual(['one', 'two', '', 'three\\x0dfour']);
  expect(inertLines('')).toEqual(['']);
});
