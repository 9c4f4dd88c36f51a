/** Numbers in [0, 1) that are the same in every run for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same bytes in pieces of 1 to `longest` bytes. */
export function* randomChunks(bytes: Buffer, random: () => number, longest: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + Math.floor(random() * longest);
    yield bytes.subarray(at, next);
    at = next;
  }
}
