import { type ErrorJson, errorJson } from '../api/error-json.ts';
import { print } from './output.ts';

/** What a daemon tells the `forge start` that waits for it, once. */
export type Announcement = { ready: true; pid: number } | ErrorJson;

export interface Announcer {
  ready(info: { pid: number }): void;
  failed(error: unknown): Promise<void>;
}

/**
 * Tells the parent over the channel that `forge start` opened, and closes it; without one, says on standard output
 * that it is ready. If the parent goes away before that, nobody would know of this daemon, so it ends too.
 */
export function announcer(): Announcer {
  if (process.send === undefined) {
    return { ready: ({ pid }) => print(`forge is running (pid ${pid})`), failed: async () => {} };
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
    ready: ({ pid }) => void tell({ ready: true, pid }),
    failed: (error) => tell(errorJson(error)),
  };
}
