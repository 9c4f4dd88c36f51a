import { expect, it } from 'vitest';
import { Tail } from './tail.ts';

it('keeps the end, however it comes', () => {
  const text = Array.from({ length: 500 }, (_, i) => `${i},`).join('');
  for (const size of [1, 7, 64, 100, 128, 5000]) {
    const tail = new Tail(64);
    for (let at = 0; at < text.length; at += size) tail.push(Buffer.from(text.slice(at, at + size)));
    expect(tail.text()).toBe(text.slice(-64));
  }
});

it('keeps everything that is short, and no half characters', () => {
  const short = new Tail(10);
  short.push(Buffer.from('abc'));
  expect(short.text()).toBe('abc');
  const tail = new Tail(5);
  tail.push(Buffer.from('€€'));
  expect(tail.text()).toBe('€');
});
