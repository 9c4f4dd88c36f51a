import { expect, test } from 'vitest';
import { fence, quoteForeign } from './markdown.ts';

test.each([
  ['a mention', 'thanks @ada and @org/team', /@[a-z]/],
  ['a closing keyword', 'Fixes #12, closes other/repo#3', /#\d/],
  ['the short form of one', 'fixes GH-12', /GH-\d/],
  ['one by address', 'closes https://github.com/a/b/issues/12', /\/issues\//],
  ['an image', '![x](https://evil.example/pixel.png)', /!\[/],
  ['a comment that looks like forge’s marker', '<!-- forge:task:0123456789 -->', /</],
  ['a tag', '<img src=x onerror=y>', /</],
  ['a bidirectional control', 'a\u202eb', /\u202e/],
  ['a terminal’s escape', 'a\u001b[31mb', /\p{Cc}/u],
])('%s does nothing', (_name, text, harm) => {
  expect(quoteForeign(text)).not.toMatch(harm);
});

test('ordinary text is left alone', () => {
  const text = 'I changed `src/a.js`:\n\n- **one**\n- two (3 > 2)';
  expect(quoteForeign(text)).toBe(text);
});

test('very long text is cut', () => {
  expect(quoteForeign('x'.repeat(100_000)).length).toBeLessThan(13_000);
});

test('a code block cannot be closed from within', () => {
  expect(fence('a\n````\nb')).toBe('`````text\na\n````\nb\n`````');
});
