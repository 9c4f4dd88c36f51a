// Relays TCP connections on 127.0.0.1 to a unix socket, for programs that cannot speak to the latter.
// Usage: node relay.js PORT SOCKET. Prints one line when it listens.
// While the socket is not served (forge is restarting) connections are held, so that an agent sees a slow network.
const net = require('node:net');

const HOLD_MS = 10 * 60 * 1000;
const RETRY_MS = 200;
const [port, socketPath] = process.argv.slice(2);

net
  .createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy());
    connect(client, Date.now() + HOLD_MS);
  })
  .listen(Number(port), '127.0.0.1', () => console.log('listening'));

function connect(client, deadline) {
  if (client.destroyed) return;
  const upstream = net.connect({ path: socketPath, allowHalfOpen: true });
  const retry = () => {
    if (Date.now() < deadline) setTimeout(connect, RETRY_MS, client, deadline);
    else client.destroy();
  };
  upstream.once('error', retry);
  upstream.once('connect', () => {
    upstream.off('error', retry);
    join(client, upstream);
  });
}

/** `pipe` passes each side's end on to the other; a broken side takes the other with it. */
function join(client, upstream) {
  upstream.on('error', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream).pipe(client);
}
