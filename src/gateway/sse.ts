import { StringDecoder } from 'node:string_decoder';

/** Far above the events that anybody reads here; a longer one is skipped whole instead of being kept in memory. */
const MAX_EVENT_CHARS = 1024 * 1024;

/** Reads the data of server-sent events from a stream cut anywhere, even inside a character. Linear in its input. */
export class SseReader {
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  #data: string[] = [];
  #chars = 0;

  /** The data of every event that this chunk completes; the lines of one event are joined by a newline. */
  write(chunk: Buffer): string[] {
    const events: string[] = [];
    const [first = '', ...rest] = this.#decoder.write(chunk).split('\n');
    this.#grow(first);
    for (const piece of rest) {
      const event = this.#endLine();
      if (event !== null) events.push(event);
      this.#grow(piece);
    }
    return events;
  }

  #grow(piece: string): void {
    this.#chars += piece.length;
    if (this.#chars <= MAX_EVENT_CHARS) this.#line += piece;
  }

  /** The event's data if this line, being empty, ended one that had any. */
  #endLine(): string | null {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    if (line !== '') {
      const data = /^data: ?(.*)$/s.exec(line)?.[1];
      if (data !== undefined) this.#data.push(data);
      return null;
    }
    const event = this.#data.length > 0 && this.#chars <= MAX_EVENT_CHARS ? this.#data.join('\n') : null;
    this.#data = [];
    this.#chars = 0;
    return event;
  }
}
