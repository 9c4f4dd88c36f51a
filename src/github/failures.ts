import { z } from 'zod';
import { type ErrorCategory, ForgeError } from '../errors.ts';

/** What GitHub answered instead of the wanted thing. `message` is its own text, already without secrets. */
export interface Refusal {
  endpoint: string;
  status: number;
  message: string;
  /** Set where a rate limit is the reason: ms since epoch. */
  retryAt: number | null;
}

/** An answer with an error status as the error that forge throws. It names the endpoint and the next step. */
export function refusalError({ endpoint, status, message, retryAt }: Refusal): ForgeError {
  const { category, next } = retryAt === null ? meaningOf(status) : RATE_LIMITED;
  return new ForgeError(`GitHub answered ${status} to ${endpoint}${message === '' ? '' : `: ${message}`}`, {
    category,
    service: 'github',
    next,
    data: { endpoint, status },
    ...(retryAt === null ? {} : { retryAt }),
  });
}

/** A request that got no usable answer: `code` is the network's, or forge's own word for what went wrong. */
export function unansweredError(endpoint: string, problem: string, code: string): ForgeError {
  return new ForgeError(`${problem}: ${endpoint}`, {
    category: 'unavailable',
    service: 'github',
    next: PASSING_NEXT,
    data: { endpoint, code },
  });
}

/** GitHub's own explanation in one line, with what it says of single fields; empty where the body is not GitHub's. */
export function refusalText(body: unknown): string {
  const parsed = refusalSchema.safeParse(body);
  if (!parsed.success) return '';
  const details = parsed.data.errors.flatMap((error) => {
    if (typeof error === 'string') return [error];
    const text = error.message ?? [error.resource, error.field, error.code].filter(Boolean).join(' ');
    return text === '' ? [] : [text];
  });
  return [parsed.data.message, ...details].join('; ').replace(/\s+/g, ' ').slice(0, 400);
}

/** True where the same request may well succeed a moment later: a lost connection, or a gateway between the two. */
export function passesAtOnce(error: ForgeError): boolean {
  const { status, code } = error.data;
  return error.retryAt === undefined && (isOneOf(GATEWAY_STATUSES, status) || isOneOf(LOST_CONNECTION, code));
}

const refusalSchema = z.object({
  message: z.string(),
  errors: z
    .array(
      z.union([
        z.string(),
        z.object({
          message: z.string().optional(),
          resource: z.string().optional(),
          field: z.string().optional(),
          code: z.string().optional(),
        }),
      ]),
    )
    .catch([]),
});

const PASSING_NEXT = 'Check that GITHUB_API_URL answers; forge tries again by itself';
const RATE_LIMITED: Meaning = {
  category: 'unavailable',
  next: 'forge goes on by itself when the limit has passed',
};
const GATEWAY_STATUSES = [502, 503, 504];
const LOST_CONNECTION = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

interface Meaning {
  category: ErrorCategory;
  next: string;
}

function meaningOf(status: number): Meaning {
  if (status === 401) return { category: 'unauthorized', next: 'Check GITHUB_TOKEN' };
  if (status === 403 || status === 451) {
    return {
      category: 'forbidden',
      next: 'Give GITHUB_TOKEN write access to contents, issues and pull requests of the repository',
    };
  }
  if (status === 404 || status === 410) {
    return { category: 'not_found', next: 'Check the name, and that GITHUB_TOKEN can see the repository' };
  }
  if (status >= 400 && status < 500 && status !== 408) {
    return { category: 'invalid', next: 'A rule of the repository may forbid this: see what GitHub says' };
  }
  return { category: 'unavailable', next: PASSING_NEXT };
}

function isOneOf(list: readonly unknown[], value: unknown): boolean {
  return list.includes(value);
}
