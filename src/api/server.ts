import { once } from 'node:events';
import type { Server } from 'node:http';
import { fastify } from 'fastify';
import type { Logger } from 'pino';
import type { DaemonControl } from './control.ts';
import { handleErrors } from './error-reply.ts';
import { addRoutes } from './routes.ts';

/**
 * Serves the control API on a unix socket that only this user can open. Throws when the path is taken: whoever holds
 * the daemon's lock removes what a crash left there. `close` lets requests finish and removes the socket.
 */
export async function serveApi(options: {
  socketPath: string;
  handlers: DaemonControl;
  logger: Logger;
}): Promise<{ close(): Promise<void> }> {
  const app = fastify({
    bodyLimit: 16 * 1024,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 300 },
  });
  handleErrors(app, options.logger);
  addRoutes(app, options.handlers);
  await app.ready();
  await listenPrivately(app.server, options.socketPath);
  return { close: () => app.close() };
}

/** Node binds within the call, so the mask needs to hold only that long, and the socket is never open to others. */
async function listenPrivately(server: Server, socketPath: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    server.listen(socketPath);
  } finally {
    process.umask(mask);
  }
  await once(server, 'listening');
}
