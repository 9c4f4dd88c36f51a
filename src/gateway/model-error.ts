import type { ServerResponse } from 'node:http';

/** An answer that the gateway gives itself, in the shape of the provider's errors so that an agent CLI understands it. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly status: number;
  readonly type: ModelErrorType;

  constructor(status: number, type: ModelErrorType, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }

  /** Ends the connection as well: the rest of the request may still be on its way, and nobody will read it. */
  send(response: ServerResponse): void {
    // The CLIs retry a 401 for half a minute unless told; no key becomes right by that.
    const giveUp = this.status === 401 ? { 'x-should-retry': 'false' } : {};
    response.writeHead(this.status, { 'content-type': 'application/json', connection: 'close', ...giveUp });
    response.end(this.body());
  }

  body(): string {
    return JSON.stringify({
      type: 'error',
      error: { type: this.type, message: `forge gateway: ${this.message}` },
    });
  }
}

type ModelErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error';
