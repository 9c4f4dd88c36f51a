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

/** A `ForgeError` on its way to another process. */
export interface ErrorJson {
  error: {
    category: ErrorCategory;
    service: Service;
    message: string;
    next: string | null;
    /** ms since epoch. */
    retryAt: number | null;
  };
}

/** Whether something that another forge process sent is an error. */
export function isErrorJson(value: unknown): value is ErrorJson {
  const { category, message } = fieldsOf(fieldsOf(value).error);
  return typeof message === 'string' && typeof category === 'string' && category in HTTP_STATUS;
}

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

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
