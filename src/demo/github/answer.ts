/** An answer of the API before it is put on the wire; `body` undefined: none. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

/** One entry of a 422's `errors`. */
export interface FieldError {
  resource: string;
  code: 'custom' | 'invalid' | 'missing_field' | 'already_exists' | 'unprocessable';
  field?: string;
  message?: string;
}

export function ok(body: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return headers === undefined ? { status: 200, body } : { status: 200, headers, body };
}

export function created(body: { url: string }): Answer {
  return { status: 201, headers: { location: body.url }, body };
}

export function refusal(status: number, message: string, extra: object = {}): Answer {
  const documentation_url = 'https://docs.github.com/rest';
  return { status, body: { message, ...extra, documentation_url, status: String(status) } };
}

/** Also what a caller is told about a private repository that it may not see. */
export function notFound(): Answer {
  return refusal(404, 'Not Found');
}

export function forbidden(message = 'Resource not accessible by personal access token'): Answer {
  return refusal(403, message);
}

export function invalid(...errors: FieldError[]): Answer {
  return refusal(422, 'Validation Failed', { errors });
}
