import { expect, test } from 'vitest';
import { randomChunks, seededRandom } from '../../test/support/random.ts';
import { SseReader } from './sse.ts';

function read(...chunks: (string | Buffer)[]): string[] {
  const reader = new SseReader();
  return chunks.flatMap((chunk) => reader.write(Buffer.from(chunk)));
}

test('reads events whatever their line ends, and ignores comments and other fields', () => {
  expect(read('event: a\ndata: 1\n\n', ': a comment\r\nid: 7\r\ndata:2\r\n\r\n', '\n\ndata: 3\n\n')).toEqual([
    '1',
    '2',
    '3',
  ]);
});

test('joins the data lines of one event, and keeps an unfinished event to itself', () => {
  expect(read('data: {"a":\ndata: 1}\n\ndata: unfinished\n')).toEqual(['{"a":\n1}']);
});

test('gives the same events however the bytes are cut', () => {
  const events = Array.from({ length: 40 }, (_, n) => `{"n":${n},"text":"żółw 🐢 ${'x'.repeat(n)}"}`);
  const bytes = Buffer.from(events.map((data) => `event: e\r\ndata: ${data}\r\n\r\n`).join(''));
  const random = seededRandom(7);
  for (let round = 0; round < 200; round++) {
    expect(read(...randomChunks(bytes, random, 1 + (round % 40)))).toEqual(events);
  }
});

test('skips an event that is too long and reads the next one', () => {
  const long = `data: ${'x'.repeat(700_000)}`;
  expect(read(long, `${long}\n\n`, 'data: next\n\n')).toEqual(['next']);
  expect(read(`${long}\n${long}\n\ndata: next\n\n`)).toEqual(['next']);
});

test('stays fast on a long line in small pieces', () => {
  const piece = Buffer.from('x');
  const reader = new SseReader();
  const began = performance.now();
  for (let n = 0; n < 1_000_000; n++) reader.write(piece);
  expect(performance.now() - began).toBeLessThan(3000);
});
