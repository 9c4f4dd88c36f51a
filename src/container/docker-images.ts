import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import { ForgeError } from '../errors.ts';
import type { BuildRequest, OnProgress } from './engine.ts';

/** Pulls and builds that take longer than this are given up. */
const DEADLINE_MS = 30 * 60_000;
const ERROR_CONTEXT_LINES = 15;

const progressLine = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  progress: z.string().optional(),
  error: z.string().optional(),
});

export async function pullImage(docker: Docker, ref: string, onProgress: OnProgress): Promise<void> {
  const stream = await docker.pull(ref, { abortSignal: deadline() });
  await follow(`pull ${ref}`, stream, onProgress);
}

export async function importTar(docker: Docker, tar: NodeJS.ReadableStream, ref: string): Promise<void> {
  const at = ref.lastIndexOf(':');
  const options = { repo: ref.slice(0, at), tag: ref.slice(at + 1), abortSignal: deadline() };
  await follow(`import ${ref}`, await docker.importImage(tar, options), () => {});
}

/** The classic builder: BuildKit is missing from engines as Debian packages them. */
export async function buildImage(docker: Docker, request: BuildRequest): Promise<void> {
  const stream = await docker.buildImage(request.context, {
    t: request.tag,
    buildargs: { ...request.buildArgs },
    labels: { ...request.labels },
    networkmode: request.network,
    rm: true,
    forcerm: true,
    version: '1',
    abortSignal: deadline(),
  });
  await follow(`build ${request.tag}`, stream, request.onProgress);
}

/**
 * Reads an answer of JSON lines to its end. The engine has sent status 200 long before anything can fail, so a
 * failure is one of the lines; it is thrown with the step it happened in and the last of what that step printed.
 */
async function follow(what: string, stream: NodeJS.ReadableStream, onProgress: OnProgress): Promise<void> {
  let step: string | null = null;
  let context: string[] = [];
  for await (const text of createInterface({
    input: stream as Readable,
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (text.trim() === '') continue;
    const line = progressLine.parse(JSON.parse(text));
    if (line.error !== undefined) throw failed(what, line.error, step, context);
    const message = (line.stream ?? statusText(line)).trimEnd();
    if (message === '') continue;
    if (/^Step \d+/.test(message)) {
      step = message;
      context = [];
    } else {
      context = [...context, message].slice(-ERROR_CONTEXT_LINES);
    }
    onProgress(message);
  }
}

function statusText({ id, status, progress }: z.infer<typeof progressLine>): string {
  return [id === undefined ? '' : `${id}:`, status, progress].filter(Boolean).join(' ');
}

function failed(what: string, error: string, step: string | null, context: readonly string[]): ForgeError {
  const where = step === null ? '' : ` in '${step}'`;
  const printed = step === null || context.length === 0 ? '' : `\n${context.join('\n')}`;
  return new ForgeError(`cannot ${what}${where}: ${error.trim()}${printed}`, {
    category: step === null ? 'unavailable' : 'invalid',
    service: 'docker',
    data: { step },
  });
}

function deadline(): AbortSignal {
  return AbortSignal.timeout(DEADLINE_MS);
}
