import { z } from 'zod';
import { type ErrorCategory, ForgeError, isForgeError, messageOf } from '../errors.ts';

const engineAnswer = z.object({ statusCode: z.number(), json: z.unknown().optional() });
const systemError = z.object({ code: z.string() });
const answerBody = z.object({ message: z.string() });

/**
 * What went wrong with the engine while forge tried to do `what` ("create container x"). An error that is forge's
 * already, or an abort that a caller asked for, comes back as it is.
 */
export function dockerError(what: string, error: unknown): unknown {
  if (isForgeError(error) || isAbort(error)) return error;
  const answer = engineAnswer.safeParse(error);
  if (answer.success) {
    const { statusCode, json } = answer.data;
    const message = answerBody.safeParse(json).data?.message ?? withoutPrefix(messageOf(error));
    return new ForgeError(`cannot ${what}: ${message.trim()}`, {
      category: categoryOf(statusCode),
      service: 'docker',
      data: { statusCode },
      cause: error,
    });
  }
  return unreachable(what, error);
}

/** docker-modem's "(HTTP code 500) server error - ", all it gives where it was to stream the answer. */
function withoutPrefix(message: string): string {
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '');
}

/** The status the engine answered with, where it answered at all. */
export function statusOf(error: unknown): number | null {
  return engineAnswer.safeParse(error).data?.statusCode ?? null;
}

function unreachable(what: string, error: unknown): ForgeError {
  const code = systemError.safeParse(error).data?.code;
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  return new ForgeError(`cannot ${what}: the container engine does not answer (${messageOf(error)})`, {
    category: isForbidden ? 'forbidden' : 'unavailable',
    service: 'docker',
    next: isForbidden
      ? "Let your account use the engine's socket (for Docker: join the group docker and log in again)"
      : 'Start Docker (or Podman’s service) and check DOCKER_HOST.',
    cause: error,
  });
}

/** An abort by one of forge's own deadlines is a failure of the engine, and no caller's wish. */
function isAbort(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'AbortError') return false;
  return !(error.cause instanceof Error && error.cause.name === 'TimeoutError');
}

function categoryOf(status: number): ErrorCategory {
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 401 || status === 403) return 'forbidden';
  return status >= 500 ? 'unavailable' : 'invalid';
}
