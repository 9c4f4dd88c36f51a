/** Keeps the last `limit` bytes of what is pushed, in twice that much memory however it is cut into pieces. */
export class Tail {
  readonly #limit: number;
  readonly #buffer: Buffer;
  #used = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#buffer = Buffer.alloc(limit * 2);
  }

  push(bytes: Buffer): void {
    this.#total += bytes.length;
    const piece = bytes.subarray(Math.max(0, bytes.length - this.#limit));
    if (this.#used + piece.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#used - this.#limit, this.#used);
      this.#used = this.#limit;
    }
    this.#used += piece.copy(this.#buffer, this.#used);
  }

  /** A character that the limit cut in two is left out. */
  text(): string {
    let start = Math.max(0, this.#used - this.#limit);
    const isCut = this.#total > this.#limit;
    while (isCut && start < this.#used && ((this.#buffer[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return this.#buffer.toString('utf8', start, this.#used);
  }
}
