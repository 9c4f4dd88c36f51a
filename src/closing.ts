/** What has been opened so far, to be closed in reverse: soft where everything goes well, and also where it does not. */
export class Closing {
  readonly #steps: (() => unknown)[] = [];

  /** `close` undoes what was just done. */
  defer(close: () => unknown): void {
    this.#steps.push(close);
  }

  /** Closes everything, the newest first. One that fails keeps no other from closing; the first failure is thrown. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
