import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** What the provider is paid with. `value` is read for every request, so a renewed token is used at once. */
export interface ModelCredential {
  kind: 'api_key' | 'oauth';
  value: () => string;
}

const REQUEST =
  /^(content-type|content-length|accept|anthropic-version|anthropic-beta|user-agent|x-app|x-claude-code-session-id|x-stainless-[a-z-]+)$/;
const RESPONSE =
  /^(content-type|request-id|retry-after|retry-after-ms|x-should-retry|anthropic-ratelimit-[a-z-]+)$/;

/** Without this flag the API takes no OAuth token; the CLI leaves it out because it believes it has an API key. */
const OAUTH_BETA = 'oauth-2025-04-20';

/** What goes to the provider: the listed headers and the real credential. Uncompressed, so that usage can be read. */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  credential: ModelCredential,
): OutgoingHttpHeaders {
  const kept = pick(headers, REQUEST);
  kept['accept-encoding'] = 'identity';
  switch (credential.kind) {
    case 'api_key':
      kept['x-api-key'] = credential.value();
      return kept;
    case 'oauth':
      kept.authorization = `Bearer ${credential.value()}`;
      kept['anthropic-beta'] = withFlag(headers['anthropic-beta'], OAUTH_BETA);
      return kept;
  }
}

/** What goes back into the container: the listed headers, less any whose value holds the secret. */
export function containerHeaders(headers: IncomingHttpHeaders, secret: string): OutgoingHttpHeaders {
  const kept = pick(headers, RESPONSE);
  for (const [name, value] of Object.entries(kept)) {
    if (String(value).includes(secret)) delete kept[name];
  }
  return kept;
}

function pick(headers: IncomingHttpHeaders, allowed: RegExp): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => allowed.test(name)));
}

function withFlag(value: string | string[] | undefined, flag: string): string {
  const flags = String(value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return flags.includes(flag) ? flags.join(',') : [...flags, flag].join(',');
}
