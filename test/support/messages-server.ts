import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, messageBody, messageEvents, type Turn } from './messages-turn.ts';

export interface SeenRequest {
  method: string;
  /** Path and query as they arrived. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface MessagesServer {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Every request so far, refused ones as well. */
  requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/**
 * A scripted Anthropic Messages API on 127.0.0.1. Each conversation (by `x-claude-code-session-id`; requests without
 * it are one conversation) plays `turns` from the first, one per `POST /v1/messages`, and stays on the last one.
 * With `apiKey` set, any other `x-api-key` gets 401. Answers stream when the request asks for it.
 */
export async function startMessagesServer(script: {
  turns: readonly [Turn, ...Turn[]];
  apiKey?: string;
}): Promise<MessagesServer> {
  const requests: SeenRequest[] = [];
  const played = new Map<string, number>();

  const server = createServer(async (request, response) => {
    const seen = await record(request);
    requests.push(seen);
    if (script.apiKey !== undefined && seen.headers['x-api-key'] !== script.apiKey) {
      return fail(response, 401, 'authentication_error', 'invalid x-api-key');
    }
    const path = seen.path.replace(/\?.*$/, '');
    if (seen.method === 'HEAD') return void response.writeHead(200).end();
    if (path.endsWith('/v1/messages/count_tokens')) return sendJson(response, 200, { input_tokens: 100 });
    if (!path.endsWith('/v1/messages')) return fail(response, 404, 'not_found_error', 'no such path');

    const conversation = String(seen.headers['x-claude-code-session-id'] ?? '');
    const index = played.get(conversation) ?? 0;
    played.set(conversation, index + 1);
    play(script.turns[index] ?? script.turns[script.turns.length - 1] ?? script.turns[0], seen, response);
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function play(turn: Turn, seen: SeenRequest, response: ServerResponse): void {
  const { model, stream = false } = JSON.parse(seen.body) as { model: string; stream?: boolean };
  switch (turn.kind) {
    case 'error':
      fail(response, turn.status, turn.type, turn.message, turn.headers);
      return;
    case 'silent':
      openAnswer(response, stream);
      response.flushHeaders();
      return;
    case 'cut': {
      openAnswer(response, stream);
      const whole = render(turn, model, stream);
      response.write(whole.slice(0, whole.length / 2), () => response.destroy());
      return;
    }
    case 'say':
    case 'tools':
      openAnswer(response, stream);
      response.end(render(turn, model, stream));
  }
}

function render(turn: Answer, model: string, stream: boolean): string {
  return stream ? messageEvents(turn, model).join('') : JSON.stringify(messageBody(turn, model));
}

async function record(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function openAnswer(response: ServerResponse, stream: boolean): void {
  response.writeHead(200, {
    'content-type': stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    'request-id': 'req_scripted',
  });
}

function fail(
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, status, { type: 'error', error: { type, message } }, headers);
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'request-id': 'req_scripted',
    ...headers,
  });
  response.end(JSON.stringify(body));
}
