import { ForgeError } from '../errors.ts';
import { unansweredError } from './failures.ts';

export interface TransportLimits {
  deadlineMs: number;
  maxBytes: number;
}

type Fetch = typeof globalThis.fetch;

const MAX_REDIRECTS = 5;
/** A `Response` of these may not have a body, not even an empty one. */
const NO_BODY_STATUSES = [204, 205, 304];

/**
 * `fetch` within bounds: the whole answer must be there before the deadline and below the size limit, and the token
 * never follows a redirect to another host. Every failure is a `ForgeError` that names method and path.
 */
export function boundedFetch(fetch: Fetch, { deadlineMs, maxBytes }: TransportLimits) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const endpoint = endpointOf(init.method, url);
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = init.signal ? AbortSignal.any([deadline, init.signal]) : deadline;
    try {
      const response = await followWithinHost(fetch, url, { ...init, signal, redirect: 'manual' }, endpoint);
      const body = await readAtMost(response, maxBytes, endpoint);
      const headers = new Headers(response.headers);
      // All that is asked for here is JSON; Octokit would not parse an answer that names another type, or none.
      headers.set('content-type', 'application/json');
      const hasBody = !NO_BODY_STATUSES.includes(response.status);
      return new Response(hasBody ? body : null, { status: response.status, headers });
    } catch (error) {
      if (error instanceof ForgeError) throw error;
      if (init.signal?.aborted) throw unansweredError(endpoint, 'The request was called off', 'ABORTED');
      if (deadline.aborted) {
        throw unansweredError(endpoint, `GitHub did not answer within ${deadlineMs / 1000} s`, 'DEADLINE');
      }
      const code = networkCode(error);
      throw unansweredError(endpoint, `GitHub could not be reached (${code})`, code);
    }
  };
}

/** `GET /repos/acme/app`: what errors and log lines call a request. The query is left out. */
export function endpointOf(method: string | undefined, url: string): string {
  return `${method ?? 'GET'} ${new URL(url).pathname}`;
}

/** A renamed repository answers 301 (307 to a write); method and body stay as they were. */
async function followWithinHost(
  fetch: Fetch,
  url: string,
  init: RequestInit,
  endpoint: string,
): Promise<Response> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(target, init);
    const location = response.headers.get('location');
    if (![301, 302, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, target);
    if (next.origin !== new URL(url).origin) {
      throw new ForgeError(
        `GitHub redirects to another host, ${next.host}, which gets no token: ${endpoint}`,
        {
          category: 'forbidden',
          service: 'github',
          next: 'Set GITHUB_API_URL to the address that GitHub itself uses',
          data: { endpoint },
        },
      );
    }
    target = next.href;
  }
  throw unansweredError(endpoint, `GitHub redirects more than ${MAX_REDIRECTS} times`, 'REDIRECTS');
}

async function readAtMost(
  response: Response,
  maxBytes: number,
  endpoint: string,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw unansweredError(endpoint, `GitHub's answer is larger than ${maxBytes} bytes`, 'TOO_LARGE');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Never the message of a failed fetch: for a malformed header it would quote the token. */
function networkCode(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'no connection';
}
