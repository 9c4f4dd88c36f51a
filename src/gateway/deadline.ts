import { ModelError } from './model-error.ts';

/** One timer for the stages of a call; each new stage replaces the one before. */
export class Deadline {
  readonly #expire: (reason: ModelError) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(expire: (reason: ModelError) => void) {
    this.#expire = expire;
  }

  set(ms: number, what: string): void {
    this.clear();
    this.#timer = setTimeout(
      () => this.#expire(new ModelError(504, 'timeout_error', `${what} for ${ms / 1000} s`)),
      ms,
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
