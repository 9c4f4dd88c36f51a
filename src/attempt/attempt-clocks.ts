export interface ClockLimits {
  /** Wall clock for the whole attempt, minutes. */
  attemptMinutes: number;
  /** How long there may be no progress, minutes. */
  stallMinutes: number;
  /** How much of the attempt has passed before now, ms; time that the container was paused does not count. */
  elapsedMs: number;
}

/**
 * forge's own clocks for one attempt. They run on the monotonic timer, so a jump of the wall clock ends nothing.
 * Progress is whatever calls `touch`: output, and traffic at the gateway.
 */
export class AttemptClocks {
  #touchedAt = performance.now();

  touch(): void {
    this.#touchedAt = performance.now();
  }

  /** Resolves with the clock that runs out first; never, once `signal` has aborted. */
  runOut(limits: ClockLimits, signal: AbortSignal): Promise<'timed_out' | 'stalled'> {
    this.touch();
    return new Promise((resolve) => {
      const whole = setTimeout(
        () => end('timed_out'),
        Math.max(0, minutes(limits.attemptMinutes) - limits.elapsedMs),
      );
      let stall = setTimeout(checkStall.bind(this), minutes(limits.stallMinutes));
      signal.addEventListener('abort', stopTimers, { once: true });

      function checkStall(this: AttemptClocks): void {
        const left = this.#touchedAt + minutes(limits.stallMinutes) - performance.now();
        if (left <= 0) end('stalled');
        else stall = setTimeout(checkStall.bind(this), left);
      }
      function end(cause: 'timed_out' | 'stalled'): void {
        stopTimers();
        resolve(cause);
      }
      function stopTimers(): void {
        clearTimeout(whole);
        clearTimeout(stall);
      }
    });
  }
}

function minutes(count: number): number {
  return count * 60_000;
}
