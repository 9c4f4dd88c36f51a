import { expect, test } from 'vitest';
import { randomChunks, seededRandom } from '../../test/support/random.ts';
import { Mask } from './mask.ts';

const SECRET = 'sk-sk-secret';

function masked(chunks: Iterable<Buffer>): string {
  const mask = new Mask(SECRET);
  const passed = Array.from(chunks, (chunk) => mask.write(chunk));
  return Buffer.concat([...passed, mask.end()]).toString();
}

test('hides the secret wherever the stream is cut, and nothing else', () => {
  const plain = `sk-sk-sk-secret, ${SECRET}${SECRET} and sk-sk-secre; at the end sk-sk-`;
  const stars = '*'.repeat(SECRET.length);
  const random = seededRandom(3);
  for (let round = 0; round < 300; round++) {
    expect(masked(randomChunks(Buffer.from(plain), random, 1 + (round % 20)))).toBe(
      `sk-${stars}, ${stars}${stars} and sk-sk-secre; at the end sk-sk-`,
    );
  }
});

test('delays nothing that cannot become the secret', () => {
  const mask = new Mask(SECRET);
  expect(mask.write(Buffer.from('data: hello\n\n')).toString()).toBe('data: hello\n\n');
  expect(mask.write(Buffer.from('a s')).toString()).toBe('a ');
  expect(mask.write(Buffer.from('un')).toString()).toBe('sun');
});
