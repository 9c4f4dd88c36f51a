import type { Frame, StreamName } from './engine.ts';

/**
 * Longer lines are cut here, with `CUT_MARKER` behind. Claude Code prints a tool's result, twice a whole file, as one
 * line of JSON, and a cut one could not be read.
 */
export const MAX_LINE_BYTES = 4 * 1024 ** 2;
export const CUT_MARKER = ' … [line cut by forge]';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface Line {
  stream: StreamName;
  /** Without its line end. */
  text: string;
}

/** Turns frames into lines, each stream for itself, with at most one line's prefix in memory. */
export class LineSplitter {
  readonly #streams: Readonly<Record<StreamName, StreamLines>> = {
    stdout: new StreamLines(),
    stderr: new StreamLines(),
  };

  /** The lines that this frame completed. */
  push({ stream, bytes }: Frame): Line[] {
    return this.#streams[stream].push(bytes).map((text) => ({ stream, text }));
  }

  /** The unfinished last lines. Call it when the container has ended, not when reading was given up. */
  finish(): Line[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) =>
      this.#streams[stream].finish().map((text) => ({ stream, text })),
    );
  }
}

class StreamLines {
  /** A copy, not views: thousands of tiny views would each keep a whole chunk of the socket alive. */
  #pending = Buffer.alloc(256);
  #pendingBytes = 0;
  #isCut = false;
  #isOpen = false;

  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
      this.#close(bytes.subarray(at, end), lines);
      at = end + 1;
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at));
    return lines;
  }

  finish(): string[] {
    const lines: string[] = [];
    if (this.#isOpen) this.#close(Buffer.alloc(0), lines);
    return lines;
  }

  #close(end: Buffer, lines: string[]): void {
    lines.push(this.#text(end));
    this.#pendingBytes = 0;
    this.#isCut = false;
    this.#isOpen = false;
  }

  #text(end: Buffer): string {
    if (!this.#isOpen && end.length <= MAX_LINE_BYTES) return decode(end);
    this.#keep(end);
    const line = this.#pending.subarray(0, this.#pendingBytes);
    return this.#isCut ? line.toString('utf8', 0, characterStart(line)) + CUT_MARKER : decode(line);
  }

  #keep(bytes: Buffer): void {
    this.#isOpen = true;
    const room = MAX_LINE_BYTES - this.#pendingBytes;
    if (bytes.length > room) this.#isCut = true;
    const kept = bytes.subarray(0, room);
    this.#reserve(this.#pendingBytes + kept.length);
    kept.copy(this.#pending, this.#pendingBytes);
    this.#pendingBytes += kept.length;
  }

  #reserve(size: number): void {
    if (size <= this.#pending.length) return;
    const larger = Buffer.alloc(Math.min(MAX_LINE_BYTES, Math.max(size, this.#pending.length * 2)));
    this.#pending.copy(larger, 0, 0, this.#pendingBytes);
    this.#pending = larger;
  }
}

function decode(line: Buffer): string {
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  return line.toString('utf8', 0, end);
}

/** Where the last, perhaps incomplete, character of a cut line begins. */
function characterStart(line: Buffer): number {
  let at = line.length - 1;
  while (at > line.length - 4 && ((line[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
