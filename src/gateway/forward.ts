import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Writable } from 'node:stream';
import { Deadline } from './deadline.ts';
import { containerHeaders, type ModelCredential, upstreamHeaders } from './headers.ts';
import { Mask } from './mask.ts';
import { ModelError } from './model-error.ts';
import { type ModelUsage, usageMeter } from './usage-meter.ts';

/** The provider's own limit for a request. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

/** An answer that is not streamed comes in one piece when the model is done; the CLI waits as long for one. */
const ANSWER_MS = 300_000;

/** A live stream carries a ping every few seconds. The CLI itself would wait 5 minutes on a dead one, every turn. */
const IDLE_MS = 120_000;

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  agent: HttpAgent;
  credential: ModelCredential;
  /** Whether the answer carries usage. */
  metered: boolean;
  /** Ends the call: the gateway closes. */
  signal: AbortSignal;
  onUsage(usage: ModelUsage): void;
  onTraffic(): void;
}

/**
 * Sends one request upstream and the answer back, both as streams with back-pressure. Resolves when the call is over,
 * however it went: a failure before the answer's head becomes an error answer, a later one a dropped connection,
 * which an agent CLI retries.
 */
export async function forward(call: Call): Promise<void> {
  const { request, response } = call;
  const ended = new AbortController();
  const end = (reason: unknown) => ended.abort(reason);
  const signal = AbortSignal.any([ended.signal, call.signal]);
  const deadline = new Deadline(end);
  response.once('close', end);
  try {
    if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge();
    deadline.set(ANSWER_MS, 'the model API did not answer');
    const upstream = open(call, signal);
    upload(request, upstream).catch(end);
    await download(call, await answerTo(upstream), deadline);
  } catch (error) {
    end(error);
    // The first reason is the true one: what follows it is only the sound of streams being torn down.
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) asModelError(signal.reason).send(response);
  } finally {
    deadline.clear();
    response.off('close', end);
  }
}

function open(call: Call, signal: AbortSignal): ClientRequest {
  const send = call.url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = upstreamHeaders(call.request.headers, call.credential);
  return send(call.url, { method: 'POST', agent: call.agent, headers, signal });
}

function answerTo(upstream: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once('response', resolve);
    // Stays for good: an error after the head reaches us through the answer, and this one is then ignored.
    upstream.on('error', reject);
  });
}

async function upload(request: IncomingMessage, upstream: ClientRequest): Promise<void> {
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) throw tooLarge();
    await write(upstream, chunk);
  }
  upstream.end();
}

async function download(call: Call, answer: IncomingMessage, deadline: Deadline): Promise<void> {
  const { response, credential } = call;
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new ModelError(
      502,
      'api_error',
      'the model API compressed its answer although it was asked not to',
    );
  }
  const status = answer.statusCode ?? 502;
  if (status === 401) throw refusedCredential(credential);
  const succeeded = status < 400;
  const secret = credential.value();
  const mask = new Mask(secret);
  const meter = call.metered && succeeded ? usageMeter(answer.headers['content-type']) : null;
  response.writeHead(status, containerHeaders(answer.headers, secret));
  response.flushHeaders();
  deadline.set(IDLE_MS, 'the model API went silent');
  try {
    for await (const chunk of answer) {
      deadline.set(IDLE_MS, 'the model API went silent');
      meter?.write(chunk);
      if (succeeded) call.onTraffic();
      await write(response, mask.write(chunk));
    }
    response.end(mask.end());
  } finally {
    const usage = meter?.total() ?? null;
    if (usage !== null) call.onUsage(usage);
  }
}

/** Resolves once there is room for more, or nobody left to write to: the provider may answer without reading all. */
async function write(stream: Writable, chunk: Buffer): Promise<void> {
  if (stream.write(chunk) || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const proceed = () => {
      stream.off('drain', proceed).off('close', proceed);
      resolve();
    };
    stream.on('drain', proceed).on('close', proceed);
  });
}

/** In the provider's own words the CLI would tell people to mend a key that the container does not have. */
function refusedCredential({ kind }: ModelCredential): ModelError {
  const setting = kind === 'api_key' ? 'ANTHROPIC_API_KEY' : 'CLAUDE_CODE_OAUTH_TOKEN';
  return new ModelError(401, 'authentication_error', `the model API refuses what ${setting} holds`);
}

function tooLarge(): ModelError {
  return new ModelError(413, 'request_too_large', `a request may have ${MAX_REQUEST_BYTES} bytes at most`);
}

/** Names the failure by its code only: the message of a connection error tells addresses of the host's network. */
function asModelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : 'no reason given';
  return new ModelError(502, 'api_error', `the model API could not be reached (${code})`);
}
