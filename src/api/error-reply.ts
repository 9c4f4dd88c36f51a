import type { FastifyError, FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { ForgeError } from '../errors.ts';
import { errorJson, httpStatus } from './error-json.ts';

/** Answers every failure as JSON, and logs those that nobody expected. */
export function handleErrors(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error: FastifyError | ForgeError, request, reply) => {
    const known = error instanceof ForgeError ? error : fromFastify(error);
    if (known.category === 'internal') {
      logger.error({ err: error, method: request.method, url: request.url }, 'a request failed');
    }
    return reply.code(httpStatus(known.category)).send(errorJson(known));
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new ForgeError(`the daemon does not know ${request.method} ${request.url}`, {
      category: 'not_found',
      service: 'forge',
      next: 'It may be of another version: forge restart',
    });
    return reply.code(404).send(errorJson(error));
  });
}

function fromFastify(error: FastifyError): ForgeError {
  const callersFault = error.statusCode !== undefined && error.statusCode < 500;
  return new ForgeError(error.message, {
    category: callersFault ? 'invalid' : 'internal',
    service: 'forge',
    cause: error,
  });
}
