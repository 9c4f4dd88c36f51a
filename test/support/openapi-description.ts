import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The part of an OpenAPI 3.0 document that the check reads. */
export type Schema = { readonly [key: string]: unknown };

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  template: string;
  parameters: readonly Parameter[];
  requestBody: Schema | null;
  /** By status; null: described without a JSON body. */
  responses: ReadonlyMap<number, Schema | null>;
}

interface RawOperation {
  parameters?: readonly unknown[];
  requestBody?: unknown;
  responses: Readonly<Record<string, unknown>>;
}

interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  components: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
}

interface WithContent {
  content?: Readonly<Record<string, { schema?: Schema }>>;
}

/** Path parameters whose values may hold slashes, though OpenAPI has no way to say so. */
const SPANNING = new Set(['path', 'ref', 'basehead', 'branch']);

let description: Description | undefined;

/** GitHub's own description of its REST API; read once in a process, at first use (13 MB). */
export function githubDescription(): Description {
  description ??= new Description(read());
  return description;
}

function read(): Document {
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Document;
}

export class Description {
  readonly #document: Document;
  readonly #templates: readonly { template: string; pattern: RegExp }[];

  constructor(document: Document) {
    this.#document = document;
    // The template with most fixed text wins, so that no parameter swallows what another one spells out.
    const fixedLength = (template: string) => template.replace(/\{\w+\}/g, '').length;
    this.#templates = Object.keys(document.paths)
      .sort((a, b) => fixedLength(b) - fixedLength(a))
      .map((template) => ({ template, pattern: patternOf(template) }));
  }

  /** The operation with the values of its path parameters; null: GitHub describes none for this path. */
  find(method: string, path: string): { operation: Operation; values: Record<string, string> } | null {
    for (const { template, pattern } of this.#templates) {
      const match = pattern.exec(path);
      const raw = match && this.#document.paths[template]?.[method.toLowerCase()];
      if (!raw) continue;
      const values = Object.entries(match.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return { operation: this.#operation(template, raw), values: Object.fromEntries(values) };
    }
    return null;
  }

  component(name: string): Schema {
    const schema = this.#document.components.schemas?.[name];
    if (schema === undefined) throw new Error(`GitHub's description has no schema '${name}'`);
    return schema;
  }

  #operation(template: string, raw: RawOperation): Operation {
    const responses = Object.entries(raw.responses).map(
      ([status, response]) => [Number(status), jsonSchema(this.#resolve<WithContent>(response))] as const,
    );
    return {
      template,
      parameters: (raw.parameters ?? []).map((parameter) => this.#resolve<Parameter>(parameter)),
      requestBody:
        raw.requestBody === undefined ? null : jsonSchema(this.#resolve<WithContent>(raw.requestBody)),
      responses: new Map(responses),
    };
  }

  /** Follows `#/components/KIND/NAME`, which stands for parameters and responses that operations share. */
  #resolve<T>(value: unknown): T {
    const reference = (value as { $ref?: string }).$ref;
    if (reference === undefined) return value as T;
    const [, , kind = '', name = ''] = reference.split('/');
    return this.#document.components[kind]?.[name] as T;
  }
}

function patternOf(template: string): RegExp {
  const source = template
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${SPANNING.has(name) ? '.+' : '[^/]+'})`);
  return new RegExp(`^${source}$`);
}

function jsonSchema({ content }: WithContent): Schema | null {
  return content?.['application/json']?.schema ?? null;
}
