/**
 * Why somebody else ends a story before its time; the reason of its AbortSignal. `drain`: forge stops, running
 * containers are paused for the next start. `stop`: forge stops at once, containers too, their work is kept.
 * `cancel`: a person no longer wants this task.
 */
export type Interruption = { kind: 'drain' } | { kind: 'stop' } | { kind: 'cancel'; reason: string };

/** null: nobody interrupted. An abort without one of our reasons counts as `stop`, the careful reading. */
export function interruptionOf(signal: AbortSignal): Interruption | null {
  if (!signal.aborted) return null;
  const reason: unknown = signal.reason;
  if (isInterruption(reason)) return reason;
  return { kind: 'stop' };
}

function isInterruption(value: unknown): value is Interruption {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Resolves when `signal` aborts; the listener goes with the signal. */
export function whenInterrupted(signal: AbortSignal): Promise<Interruption> {
  return new Promise((resolve) => {
    const interrupted = () => resolve(interruptionOf(signal) ?? { kind: 'stop' });
    if (signal.aborted) interrupted();
    else signal.addEventListener('abort', interrupted, { once: true });
  });
}

/** Waits no longer than until `signal` aborts, then throws its reason; what was waited for goes on by itself. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    whenInterrupted(signal).then((): never => {
      throw signal.reason;
    }),
  ]);
}
