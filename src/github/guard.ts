import { setTimeout as delay } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ForgeError, messageOf } from '../errors.ts';
import type { Breaker } from './breaker.ts';
import { passesAtOnce, refusalError, refusalText } from './failures.ts';
import { endpointOf } from './transport.ts';

export interface GuardParts {
  breaker: Breaker;
  token: () => string;
  logger: Logger;
}

/**
 * Hooks itself around every request of a client: nothing leaves while the breaker is closed, each request carries the
 * token of that moment, a GET lost on the way is tried once more, and what comes out is an answer (a 304 too, which
 * Octokit throws) or a `ForgeError` that knows nothing of the request's headers.
 */
export function guardRequests(octokit: Octokit, { breaker, token, logger }: GuardParts): void {
  octokit.hook.wrap('request', async (request, options) => {
    const { method, url } = octokit.request.endpoint.parse(options);
    const endpoint = endpointOf(method, url);
    const secret = usableToken(token());
    // Set in place: Octokit's other hooks were bound to this very object and would not see a copy.
    options.headers.authorization = `Bearer ${secret}`;

    const send = async () => {
      breaker.check();
      try {
        const response = await request(options);
        breaker.observe({ status: response.status, headers: response.headers, message: '' });
        logger.debug({ endpoint, status: response.status }, 'GitHub answered');
        return response;
      } catch (error) {
        const answer = answerWithin(error);
        if (answer === null) throw failureWithin(error, endpoint, secret);
        const message = refusalText(answer.data).replaceAll(secret, '[token]');
        const limited = breaker.observe({ status: answer.status, headers: answer.headers, message });
        logger.debug({ endpoint, status: answer.status, limited }, 'GitHub answered');
        if (answer.status === 304) return { ...answer, url, status: 304 as const };
        const retryAt = limited ? breaker.closedUntil : null;
        throw refusalError({ endpoint, status: answer.status, message, retryAt });
      }
    };

    try {
      return await send();
    } catch (error) {
      if (method !== 'GET' || !(error instanceof ForgeError) || !passesAtOnce(error)) throw error;
      logger.debug({ endpoint, reason: error.message }, 'trying GitHub once more');
      await delay(100 + Math.random() * 200);
      return await send();
    }
  });
}

const octokitErrorSchema = z.object({
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.union([z.string(), z.number(), z.undefined()])),
    data: z.unknown(),
  }),
});

/** The answer that Octokit made an error of, or null where there was none. */
function answerWithin(error: unknown) {
  const parsed = octokitErrorSchema.safeParse(error);
  return parsed.success ? parsed.data.response : null;
}

/** Octokit's error holds the request's headers, so neither it nor its stack goes along. */
function failureWithin(error: unknown, endpoint: string, secret: string): ForgeError {
  if (error instanceof ForgeError) return error;
  if (error instanceof Error && error.cause instanceof ForgeError) return error.cause;
  const message = messageOf(error).replaceAll(secret, '[token]');
  return new ForgeError(`${endpoint} could not be sent: ${message}`, {
    category: 'internal',
    service: 'github',
    data: { endpoint },
  });
}

function usableToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ForgeError('the GitHub token is empty, or has characters that no token has', {
    category: 'unauthorized',
    service: 'github',
    next: 'Check GITHUB_TOKEN',
  });
}
