import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ModelError } from './model-error.ts';

/** What the gateway does with a request, decided from its head alone. */
export type Admission =
  | { kind: 'hello' }
  /** `target` is path and query, to be appended to the upstream's base URL. */
  | { kind: 'call'; target: string; metered: boolean }
  | { kind: 'refused'; error: ModelError };

const MODEL_CALL = /^\/v1\/messages(\/count_tokens)?(\?[\w.~%=&+-]*)?$/;

/**
 * The whole allow-list: the two model calls with exactly one key, and the reachability check, which the gateway
 * answers by itself. The path is compared as it was sent, so no encoding or dot segment gets past it.
 */
export function admit(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>,
  dummyKey: string,
): Admission {
  const { method, url = '' } = request;
  if (method === 'HEAD' && (url === '/' || url === '/api/hello')) return { kind: 'hello' };
  const call = method === 'POST' ? MODEL_CALL.exec(url) : null;
  if (call === null) return refused(403, 'permission_error', 'only model calls may leave the container');

  const { 'x-api-key': apiKeys = [], authorization = [] } = request.headersDistinct;
  const keys = [...apiKeys, ...authorization.map((value) => value.replace(/^Bearer +/i, ''))];
  const [key] = keys;
  if (key === undefined) return refused(401, 'authentication_error', 'the request carries no key');
  if (keys.length > 1) return refused(403, 'permission_error', 'the request carries more than one key');
  if (!sameText(key, dummyKey)) return refused(401, 'authentication_error', "the key is not this attempt's");
  return { kind: 'call', target: url, metered: call[1] === undefined };
}

function refused(...error: ConstructorParameters<typeof ModelError>): Admission {
  return { kind: 'refused', error: new ModelError(...error) };
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
