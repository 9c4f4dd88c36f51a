/**
 * Overwrites every occurrence of a secret in a passing stream with asterisks of the same length, also where it lies
 * across chunks. Bytes are held back only while they could be its beginning, so an ordinary stream is not delayed.
 */
export class Mask {
  readonly #secret: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(secret: string) {
    this.#secret = Buffer.from(secret);
  }

  /** What may pass now. */
  write(chunk: Buffer): Buffer {
    // A copy even where nothing is held: the caller's chunk is not ours to overwrite.
    const bytes = Buffer.concat([this.#held, chunk]);
    for (let at = bytes.indexOf(this.#secret); at !== -1; at = bytes.indexOf(this.#secret, at)) {
      bytes.fill('*', at, at + this.#secret.length);
    }
    const end = bytes.length - this.#unfinished(bytes);
    this.#held = bytes.subarray(end);
    return bytes.subarray(0, end);
  }

  /** What is left at the end: the beginning of a secret that did not go on. */
  end(): Buffer {
    return this.#held;
  }

  /** How many bytes at the end are a beginning of the secret. */
  #unfinished(bytes: Buffer): number {
    let length = Math.min(this.#secret.length - 1, bytes.length);
    while (length > 0 && !bytes.subarray(bytes.length - length).equals(this.#secret.subarray(0, length)))
      length--;
    return length;
  }
}
