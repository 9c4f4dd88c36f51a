import { request } from 'node:http';
import type { DemoGitHub } from '../../src/demo/github-server.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Of JSON; null without a body. A test names the fields it looks at, so their types are left open. */
  // biome-ignore lint/suspicious/noExplicitAny: the assertions that follow are the check of the shape
  body: any;
}

export type Send = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Reply>;

/** Requests to the API over real HTTP, with an account's token, another token, or (null) none. */
export function as(github: DemoGitHub, who: string | { token: string } | null): Send {
  const token = typeof who === 'string' ? github.account(who).token : who?.token;
  return async (method, path, body, headers) => {
    const url = path.startsWith('http') ? path : github.apiUrl + path;
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  };
}

/** The status for a path exactly as it is written here, without a User-Agent: `fetch` tidies one and adds the other. */
export function rawStatus(url: string): Promise<number | undefined> {
  const { origin, hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: url.slice(origin.length) }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}
