import type { DaemonClient } from '../api/client.ts';
import { homePaths } from '../config/home-paths.ts';
import { here } from './here.ts';

/** The daemon of the home in force; whether one runs shows at the first call. */
export async function theDaemon(): Promise<DaemonClient> {
  const [{ connect }, { findHome }] = await Promise.all([
    import('../api/client.ts'),
    import('../config/find-home.ts'),
  ]);
  return connect(homePaths(await findHome(here())).socket);
}
