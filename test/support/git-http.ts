import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GitRequest {
  method: string;
  /** With the query. */
  path: string;
  authorization: string | null;
}

/** What to answer in place of git; `hang`: nothing, ever. */
export type Interference = { status: number; headers?: Record<string, string>; body?: string } | 'hang';

export interface GitHttp {
  /** Without a slash at its end; `${url}/owner/name.git` is the repository in `root/owner/name.git`. */
  url: string;
  /** All requests so far, answered by git or not. */
  requests: GitRequest[];
  /** Set it to answer some requests in git's place. */
  interfere: (request: GitRequest) => Interference | null;
  close(): Promise<void>;
}

/**
 * Serves the bare repositories below `root` over smart HTTP on 127.0.0.1 with git's own `http-backend`. With a
 * `token`, only Basic authentication as `x-access-token` with that password gets in; without one, everybody does.
 */
export async function startGitHttp({ root, token }: { root: string; token?: string }): Promise<GitHttp> {
  const server = createServer((request, response) => {
    const seen = recordOf(request);
    git.requests.push(seen);
    const interference = git.interfere(seen);
    if (interference === 'hang') return;
    if (interference !== null) {
      response.writeHead(interference.status, interference.headers).end(interference.body);
    } else if (token !== undefined && seen.authorization !== basic('x-access-token', token)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    } else {
      serveGit(root, request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const git: GitHttp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    interfere: () => null,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return git;
}

function recordOf(request: IncomingMessage): GitRequest {
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization ?? null,
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** One request as a CGI program sees it (RFC 3875). */
function serveGit(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...optional('CONTENT_LENGTH', request.headers['content-length']),
      ...optional('HTTP_CONTENT_ENCODING', request.headers['content-encoding']),
      ...optional('GIT_PROTOCOL', request.headers['git-protocol']),
    },
  });
  request.pipe(child.stdin);
  // http-backend answers some requests without reading them.
  child.stdin.on('error', () => request.resume());
  let head = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    const headers = parseHeaders(head.toString('latin1', 0, end));
    response.writeHead(Number.parseInt(headers.status ?? '200', 10), headers);
    response.write(head.subarray(end + 4));
  });
  child.on('close', () => response.end());
}

function optional(name: string, value: string | string[] | undefined): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {};
}

function parseHeaders(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
