import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentParser, AgentResult } from '../agent/adapter.ts';
import type { Frame } from '../container/engine.ts';
import { type Line, LineSplitter } from '../container/lines.ts';
import type { Rooms } from '../rooms.ts';
import type { NewEvent } from '../task/event.ts';
import { attemptId } from '../task/names.ts';
import type { Attempt, Task } from '../task/task.ts';

/** Events of one attempt that are kept; a program run wild must not fill the database. All of it is in the raw file. */
const MAX_EVENTS = 20_000;
/** Lines are stored together, because each transaction waits for the disk. */
const FLUSH_MS = 50;
const FLUSH_EVENTS = 200;

/**
 * Writes down what an agent prints: every byte into `logs/attempts/TASK-N.log`, every line as the agent's adapter reads
 * it into the event log. After a restart of forge the engine repeats the output from its beginning; the adapter reads it
 * again, and only lines that are not in the log yet become events.
 */
export class OutputRecorder {
  /** Resolves once the agent has printed more than the limit; what comes after is read and dropped. */
  readonly tooMuch: Promise<void>;
  readonly #task: Task;
  readonly #attempt: Attempt;
  readonly #rooms: Rooms;
  readonly #limitBytes: number;
  readonly #onProgress: () => void;
  readonly #parser: AgentParser;
  readonly #stored: { stdout: number; stderr: number };
  readonly #read = { stdout: 0, stderr: 0 };
  #pending: NewEvent[] = [];
  #kept = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #failure: unknown;
  #tellTooMuch: () => void = () => {};

  constructor(task: Task, attempt: Attempt, rooms: Rooms, limitBytes: number, onProgress: () => void) {
    this.#task = task;
    this.#attempt = attempt;
    this.#rooms = rooms;
    this.#limitBytes = limitBytes;
    this.#onProgress = onProgress;
    this.#parser = rooms.agentAdapter(task.agent).parser();
    this.#stored = rooms.events.outputOffsets(task.id, attempt.number);
    this.tooMuch = new Promise((resolve) => {
      this.#tellTooMuch = resolve;
    });
  }

  /** Reads to the end of the container's output. Rejects when the engine's stream breaks off. */
  async record(frames: AsyncIterable<Frame>): Promise<void> {
    const raw = await this.#openRawFile();
    const lines = new LineSplitter();
    let bytes = 0;
    try {
      for await (const frame of frames) {
        this.#onProgress();
        bytes += frame.bytes.length;
        if (bytes > this.#limitBytes) {
          this.#tellTooMuch();
          continue;
        }
        await raw.write(frame.bytes);
        this.#take(lines.push(frame));
      }
      this.#take(lines.finish());
      this.#flush();
    } finally {
      clearTimeout(this.#flushTimer);
      await raw.close();
    }
  }

  /** What the agent's work came to by its own account, once all its output has been read. */
  finish(exitCode: number): AgentResult {
    return this.#parser.finish(exitCode);
  }

  async #openRawFile() {
    const folder = join(this.#rooms.config.home, 'logs', 'attempts');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return open(join(folder, `${attemptId(this.#task.id, this.#attempt.number)}.log`), 'w', 0o600);
  }

  #take(lines: readonly Line[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const { stream, text } of lines) {
      const events = this.#parser.line(stream, text);
      this.#read[stream] += 1;
      if (this.#read[stream] > this.#stored[stream]) this.#keep(events);
      if (this.#pending.length >= FLUSH_EVENTS) this.#flush();
    }
    if (lines.length > 0) this.#flushTimer ??= setTimeout(() => this.#flushLater(), FLUSH_MS);
  }

  #keep(events: readonly NewEvent[]): void {
    if (this.#kept > MAX_EVENTS) return;
    this.#kept += events.length;
    this.#pending.push(...events);
    if (this.#kept > MAX_EVENTS) {
      this.#pending.push({ type: 'system', text: 'too many lines: what follows is in the raw output only' });
    }
  }

  /** Nobody awaits a timer, so what goes wrong in it is thrown to whoever takes the next line. */
  #flushLater(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#failure = error;
    }
  }

  #flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const offsets = {
      stdout: Math.max(this.#read.stdout, this.#stored.stdout),
      stderr: Math.max(this.#read.stderr, this.#stored.stderr),
    };
    this.#rooms.events.appendOutput(this.#task.id, this.#attempt.number, offsets, this.#pending);
    this.#pending = [];
  }
}
