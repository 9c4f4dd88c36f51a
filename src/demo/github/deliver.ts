import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './answer.ts';

export interface WireAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer | Readable;
}

export function onTheWire({ status, headers = {}, body }: Answer): WireAnswer {
  if (body === undefined) return { status, headers, body: Buffer.alloc(0) };
  const typed = { 'content-type': 'application/json; charset=utf-8', ...headers };
  return { status, headers: typed, body: Buffer.from(JSON.stringify(body)) };
}

export async function deliver(
  response: ServerResponse,
  { status, headers, body }: WireAnswer,
): Promise<void> {
  if (!Buffer.isBuffer(body)) {
    response.writeHead(status, headers);
    return pipeline(body, response);
  }
  const length = status === 304 ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

/** Announces the whole answer, sends half of it and ends the connection. */
export async function deliverHalf(response: ServerResponse, answer: WireAnswer): Promise<void> {
  const whole = Buffer.isBuffer(answer.body) ? answer.body : await buffer(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': whole.length });
  response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.destroy());
}
