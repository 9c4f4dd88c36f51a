import type { Exchange } from '../../src/demo/github-server.ts';
import { type Description, githubDescription, type Operation } from './openapi-description.ts';
import { Schemas, type Side } from './openapi-schema.ts';

/** Answers that GitHub gives anywhere, whether or not the operation describes them. */
const ANYWHERE = new Set([304, 400, 401, 403, 404, 429]);

export interface ExchangeCheck {
  /** For `startGitHub`; it only keeps the exchange, so the subject of the test is not slowed down. */
  observe: (exchange: Exchange) => void;
  /** All that does not fit GitHub's description so far. What is on the request side is a fault of forge's. */
  findings(): Finding[];
}

export interface Finding {
  side: Side;
  /** `POST /repos/{owner}/{repo}/pulls`, or the path as it was sent where nothing like it is described. */
  operation: string;
  fault: string;
}

/** Holds exchanges with a GitHub server against GitHub's own description of its REST API. */
export function checkExchanges(): ExchangeCheck {
  const exchanges: Exchange[] = [];
  return {
    observe: (exchange) => void exchanges.push(structuredClone(exchange)),
    findings: () => {
      const validators = sharedValidators();
      return exchanges.flatMap((exchange) => validators.check(exchange));
    },
  };
}

let shared: ExchangeValidators | undefined;

function sharedValidators(): ExchangeValidators {
  shared ??= new ExchangeValidators(githubDescription());
  return shared;
}

class ExchangeValidators {
  readonly #description: Description;
  readonly #parameters: Schemas;
  readonly #requests: Schemas;
  readonly #responses: Schemas;

  constructor(description: Description) {
    this.#description = description;
    this.#parameters = new Schemas(description, 'request', { coerce: true });
    this.#requests = new Schemas(description, 'request');
    this.#responses = new Schemas(description, 'response');
  }

  check({ request, response }: Exchange): Finding[] {
    // Links and redirects name a repository by id; GitHub describes it under its name alone.
    const path = request.path.replace(/^\/repositories\/\d+/, '/repos/owner/name');
    const found = this.#description.find(request.method, path);
    if (found === null) {
      return [
        {
          side: 'request',
          operation: `${request.method} ${path}`,
          fault: 'GitHub describes no such operation',
        },
      ];
    }
    const { operation, values } = found;
    const name = `${request.method} ${operation.template}`;
    const finding = (side: Side) => (fault: string) => ({ side, operation: name, fault });
    return [
      ...this.#parameterFaults(operation, values, new URLSearchParams(request.query)).map(finding('request')),
      ...this.#bodyFaults(operation, request.body).map(finding('request')),
      ...this.#responseFaults(operation, response).map(finding('response')),
    ];
  }

  #parameterFaults(operation: Operation, path: Record<string, string>, query: URLSearchParams): string[] {
    const given = { path, query: Object.fromEntries(query) };
    return operation.parameters
      .filter((parameter) => parameter.in === 'path' || parameter.in === 'query')
      .flatMap(({ name, in: where, required, schema }) => {
        const value = given[where as 'path' | 'query'][name];
        if (value === undefined) return required ? [`${where} parameter '${name}' is missing`] : [];
        const wrapped = { type: 'object', properties: { value: schema } };
        return this.#parameters
          .faults(wrapped, { value })
          .map((fault) => `${where} parameter '${name}': ${fault}`);
      })
      .concat(undescribed(Object.keys(given.query), operation));
  }

  #bodyFaults(operation: Operation, body: string): string[] {
    if (body === '') return [];
    if (operation.requestBody === null) return ['has a body where none is described'];
    const json = parse(body);
    if (json === undefined) return ['the body is not JSON'];
    return [
      ...this.#requests.faults(operation.requestBody, json),
      ...strangers(operation.requestBody, json).map(
        (name) => `property '${name}' of the body is not described`,
      ),
    ];
  }

  #responseFaults(operation: Operation, { status, body, headers }: Exchange['response']): string[] {
    const schema = operation.responses.get(status);
    if (schema === undefined)
      return ANYWHERE.has(status) || status >= 500 ? [] : [`status ${status} is not described`];
    if (schema === null) return body === '' ? [] : [`status ${status} is described without a body`];
    if (!headers['content-type']?.startsWith('application/json')) return [`status ${status} is not JSON`];
    return this.#responses.faults(schema, parse(body));
  }
}

function undescribed(names: readonly string[], operation: Operation): string[] {
  const described = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => name);
  return names
    .filter((name) => !described.includes(name))
    .map((name) => `query parameter '${name}' is not described`);
}

/** OpenAPI lets unknown properties pass; GitHub drops them silently, so in a request they are a mistake. */
function strangers(schema: { readonly [key: string]: unknown }, body: unknown): string[] {
  const { properties, additionalProperties } = schema;
  if (typeof properties !== 'object' || properties === null || additionalProperties) return [];
  if (typeof body !== 'object' || body === null) return [];
  return Object.keys(body).filter((name) => !(name in properties));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON text means this
  }
}
