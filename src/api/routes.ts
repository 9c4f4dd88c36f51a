import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ForgeError } from '../errors.ts';
import { TASK_STATES } from '../task/state.ts';
import type { DaemonControl } from './control.ts';

const tasksQuery = z.strictObject({ state: z.enum(TASK_STATES).optional() });
const taskParams = z.object({ id: z.string().min(1) });
const stopBody = z.strictObject({ now: z.boolean() });
const noBody = z.undefined();

/** The control API, version 1. A body or query that is not as expected is refused as `invalid`. */
export function addRoutes(app: FastifyInstance, control: DaemonControl): void {
  app.get('/v1/status', () => control.status());
  app.get('/v1/tasks', ({ query }) => control.tasks(check(tasksQuery, query).state ?? null));
  app.get('/v1/tasks/:id', ({ params }) => control.task(check(taskParams, params).id));
  app.post('/v1/tasks/:id/cancel', ({ params, body }) => {
    check(noBody, body);
    return control.cancel(check(taskParams, params).id);
  });
  app.post('/v1/tasks/:id/retry', ({ params, body }) => {
    check(noBody, body);
    return control.retry(check(taskParams, params).id);
  });
  app.post('/v1/pause', async ({ body }, reply) => {
    check(noBody, body);
    await control.pause();
    return reply.code(204).send();
  });
  app.post('/v1/resume', async ({ body }, reply) => {
    check(noBody, body);
    await control.resume();
    return reply.code(204).send();
  });
  app.post('/v1/stop', async ({ body }, reply) => {
    await control.stop(check(stopBody, body));
    return reply.code(202).send();
  });
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ForgeError(`the request is wrong: ${z.prettifyError(result.error)}`, {
    category: 'invalid',
    service: 'forge',
    cause: result.error,
  });
}
