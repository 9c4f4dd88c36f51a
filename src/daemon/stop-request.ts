import type { Logger } from 'pino';
import type { Interruption } from '../attempt/interruption.ts';

export interface StopRequest {
  /** Aborts with the interruption as its reason. */
  signal: AbortSignal;
  requested: Promise<Interruption>;
  request(interruption: Interruption): void;
  dispose(): void;
}

/** Exit code of a process that a signal ended, as shells give it: 128 and the signal's number. */
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/** One way to stop, for signals and for the control API. The second signal does not wait for anything. */
export function stopRequest(logger: Logger): StopRequest {
  const abort = new AbortController();
  let resolve: (interruption: Interruption) => void = () => {};
  const requested = new Promise<Interruption>((done) => {
    resolve = done;
  });
  const request = (interruption: Interruption): void => {
    abort.abort(interruption);
    resolve(interruption);
  };
  const onSignal = (name: keyof typeof SIGNAL_EXIT): void => {
    if (abort.signal.aborted) {
      logger.warn({ signal: name }, 'second signal: ending at once');
      process.exit(SIGNAL_EXIT[name]);
    }
    request({ kind: 'drain' });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signal: abort.signal,
    requested,
    request,
    dispose: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
