import { z } from 'zod';
import { type ErrorCategory, ForgeError, messageOf, type Service } from '../errors.ts';

// Typed against the unions, so that a new category cannot be forgotten here.
const HTTP_STATUS: Readonly<Record<ErrorCategory, number>> = {
  usage: 400,
  settings: 500,
  not_running: 503,
  conflict: 409,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  invalid: 422,
  unavailable: 503,
  limit: 429,
  stale: 409,
  internal: 500,
};
const SERVICES = ['forge', 'github', 'docker', 'git', 'database', 'agent'] as const satisfies Service[];
const CATEGORIES = Object.keys(HTTP_STATUS) as ErrorCategory[];

export const errorJsonSchema = z.object({
  error: z.object({
    category: z.enum(CATEGORIES),
    service: z.enum(SERVICES),
    message: z.string(),
    next: z.string().nullable(),
    /** ms since epoch. */
    retryAt: z.number().nullable(),
  }),
});

export type ErrorJson = z.infer<typeof errorJsonSchema>;

/** Carries a thrown value to another process; anything but a `ForgeError` becomes `internal`. */
export function errorJson(error: unknown): ErrorJson {
  const { category, service, message, next, retryAt } =
    error instanceof ForgeError
      ? error
      : new ForgeError(messageOf(error), { category: 'internal', service: 'forge' });
  return { error: { category, service, message, next: next ?? null, retryAt: retryAt ?? null } };
}

/** The other end of `errorJson`. */
export function errorFromJson({ error }: ErrorJson): ForgeError {
  return new ForgeError(error.message, {
    category: error.category,
    service: error.service,
    ...(error.next === null ? {} : { next: error.next }),
    ...(error.retryAt === null ? {} : { retryAt: error.retryAt }),
  });
}

export function httpStatus(category: ErrorCategory): number {
  return HTTP_STATUS[category];
}
