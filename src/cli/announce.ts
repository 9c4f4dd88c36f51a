import { type ErrorJson, errorJson } from '../api/error-json.ts';
import { inert } from './inert.ts';
import { note, print } from './output.ts';

/** What a daemon tells the `forge start` that waits for it, once. */
export type Announcement = ({ ready: true } & Readiness) | ErrorJson;

export interface Readiness {
  pid: number;
  /** What does not keep it from working, and somebody should know: a line each. */
  warnings: readonly string[];
}

export interface Announcer {
  ready(info: Readiness): void;
  failed(error: unknown): Promise<void>;
}

/**
 * Tells the parent over the channel that `forge start` opened, and closes it; without one, says on standard output
 * that it is ready. If the parent goes away before that, nobody would know of this daemon, so it ends too.
 */
export function announcer(): Announcer {
  if (process.send === undefined) {
    return { ready: tellReady, failed: async () => {} };
  }
  const end = () => process.kill(process.pid, 'SIGTERM');
  process.once('disconnect', end);
  const tell = (announcement: Announcement) =>
    new Promise<void>((resolve) => {
      process.off('disconnect', end);
      if (!process.connected) return resolve();
      // The parent may be gone by now, which is no fault of the daemon's.
      process.send?.(announcement, () => {
        if (process.connected) process.disconnect();
        resolve();
      });
    });
  return {
    ready: (info) => void tell({ ready: true, ...info }),
    failed: (error) => tell(errorJson(error)),
  };
}

/** The pid is the result of `forge start`; the warnings are for whoever waits for it. */
export function tellReady({ pid, warnings }: Readiness): void {
  for (const warning of warnings) note(inert(warning));
  print(`forge is running (pid ${pid})`);
}
