import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Refuses what never becomes a request for node:http: tunnels (CONNECT), upgrades, and bytes that are no HTTP, which
 * is where smuggled and oversized headers end.
 */
export function refuseUnheard(
  server: Server,
  deny: (request: IncomingMessage | null, reason: string) => void,
): void {
  const refuse = (request: IncomingMessage, socket: Duplex) => {
    deny(request, 'tunnels and upgrades may not leave the container');
    hangUp(socket, '403 Forbidden');
  };
  server.on('connect', refuse);
  server.on('upgrade', refuse);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Anything else is a client that went away or was too slow.
    if (!error.code?.startsWith('HPE_')) {
      socket.destroy();
      return;
    }
    deny(null, `not a valid HTTP request (${error.code})`);
    hangUp(socket, '400 Bad Request');
  });
}

function hangUp(socket: Duplex, status: string): void {
  // node:http has let go of the socket: without a listener its errors would end the daemon.
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}
