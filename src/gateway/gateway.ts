import { rm } from 'node:fs/promises';
import { createServer, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { admit } from './admit.ts';
import { forward } from './forward.ts';
import type { ModelCredential } from './headers.ts';
import { listenOnSocket } from './listen.ts';
import { ModelError } from './model-error.ts';
import { refuseUnheard } from './refuse-unheard.ts';
import type { ModelUsage } from './usage-meter.ts';

export type { ModelCredential } from './headers.ts';
export type { ModelUsage } from './usage-meter.ts';

export interface Denial {
  method: string;
  path: string;
  reason: string;
}

export interface GatewayOptions {
  socketPath: string;
  /** What the container has instead of a key; good for this gateway only. */
  dummyKey: string;
  /** The provider's base URL, http or https; a path in it is kept. */
  upstream: string;
  credential: ModelCredential | null;
  /** Once per answer that told its usage, also when it was cut. These three must not throw. */
  onUsage(usage: ModelUsage): void;
  /** For the first 200 refused requests; later ones are refused in silence, so that a log cannot be flooded. */
  onDenied(denial: Denial): void;
  /** A piece of a good answer passed: the agent is not stuck. */
  onTraffic(): void;
}

export interface Gateway {
  /** Cuts what is under way, reports its usage and removes the socket. May be called twice. */
  close(): Promise<void>;
}

/** An agent with a handful of sub-agents stays far below; beyond it a container is only wasting the host's memory. */
const MAX_CALLS = 16;
const MAX_CONNECTIONS = 64;
const MAX_TOLD_DENIALS = 200;
const MAX_HEADER_BYTES = 16 * 1024;

/** Short, so that no request is sent on a connection that the provider is just closing. */
const IDLE_CONNECTION_MS = 15_000;

const TOO_MANY_CALLS = new ModelError(429, 'rate_limit_error', `more than ${MAX_CALLS} requests at once`);
const NO_CREDENTIAL = new ModelError(
  401,
  'authentication_error',
  'no model credential is set: forge needs ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN',
);

/**
 * The only way out of one attempt's container: an HTTP server on a unix socket that passes model calls to the
 * provider with the real credential in the place of the dummy key, and refuses everything else. Throws `settings`
 * when the socket's path is too long.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { dummyKey, credential, onUsage, onTraffic } = options;
  const base = new URL(options.upstream);
  const prefix = base.origin + base.pathname.replace(/\/+$/, '');
  const secure = base.protocol === 'https:';
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  const closing = new AbortController();
  const calls = new Set<Promise<void>>();
  const deny = denials(options.onDenied);

  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    const admission = admit(request, dummyKey);
    if (admission.kind === 'hello') {
      response.writeHead(200).end();
    } else if (admission.kind === 'refused') {
      deny(request, admission.error.message);
      admission.error.send(response);
    } else if (credential === null) {
      NO_CREDENTIAL.send(response);
    } else if (calls.size >= MAX_CALLS) {
      TOO_MANY_CALLS.send(response);
    } else {
      const { target, metered } = admission;
      const { signal } = closing;
      const url = new URL(prefix + target);
      const call = forward({
        request,
        response,
        url,
        agent,
        credential,
        metered,
        signal,
        onUsage,
        onTraffic,
      });
      calls.add(call);
      call.finally(() => calls.delete(call));
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  refuseUnheard(server, deny);
  await listenOnSocket(server, options.socketPath);

  let closed: Promise<void> | undefined;
  return {
    close: () => {
      closed ??= (async () => {
        closing.abort(new ModelError(503, 'api_error', 'the attempt is over'));
        const ended = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await Promise.allSettled(calls);
        await ended;
        agent.destroy();
        await rm(options.socketPath, { force: true });
      })();
      return closed;
    },
  };
}

function denials(
  onDenied: GatewayOptions['onDenied'],
): (request: IncomingMessage | null, reason: string) => void {
  let told = 0;
  return (request, reason) => {
    if (told++ >= MAX_TOLD_DENIALS) return;
    onDenied({ method: request?.method ?? '?', path: request?.url?.slice(0, 300) ?? '?', reason });
  };
}
