import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  /** Path and query, as sent. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** `cut` closes the connection without an answer, or after half of `body`; `hang` never answers. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a string. */
  body?: unknown;
  fault?: 'cut' | 'hang';
}

export type Script = (request: SeenRequest) => Reply;

export interface ScriptedServer extends AsyncDisposable {
  url: string;
  requests: SeenRequest[];
}

/** An HTTP server on 127.0.0.1 that answers each request as the script says, and remembers what it was asked. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const seen = await read(request);
    requests.push(seen);
    answer(response, script(seen));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<SeenRequest> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
}

function answer(response: ServerResponse, { status = 200, headers = {}, body, fault }: Reply): void {
  if (fault === 'hang') return;
  if (fault === 'cut' && body === undefined) {
    response.destroy();
    return;
  }
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  if (fault === 'cut') response.write(text.slice(0, text.length / 2), () => response.destroy());
  else response.end(text);
}
