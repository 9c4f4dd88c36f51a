import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Description, Schema } from './openapi-description.ts';

/** `response` asks for required properties only where the demo's server models them. */
export type Side = 'request' | 'response';

/** What the demo's server leaves out of its answers: links it does not serve, and matters it knows nothing of. */
const UNMODELLED = /_url$/;

/** Turns schemas of GitHub's description into validators, each when it is first needed. */
export class Schemas {
  readonly #ajv: Ajv;
  readonly #description: Description;
  readonly #side: Side;
  readonly #known = new Set<string>();
  readonly #validators = new Map<Schema, ValidateFunction>();

  /** With `coerce`, text from a URL passes as the number or boolean that it spells. */
  constructor(description: Description, side: Side, { coerce = false } = {}) {
    this.#description = description;
    this.#side = side;
    this.#ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: coerce });
    addFormats.default(this.#ajv);
    this.#ajv.addFormat('repo.nwo', /^[\w-]+\/[\w.-]+$/);
    this.#ajv.addFormat('timestamp', true);
    this.#ajv.addFormat('ssh-key', true);
  }

  /** One sentence for each thing that is wrong with the value. */
  faults(schema: Schema, value: unknown): string[] {
    const validate = this.#validator(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  #validator(schema: Schema): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known !== undefined) return known;
    const validator = this.#ajv.compile(this.#translate(schema) as Schema);
    this.#validators.set(schema, validator);
    return validator;
  }

  /** OpenAPI 3.0 into JSON Schema: `nullable` becomes a type, references become names that ajv knows. */
  #translate(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#translate(item));
    if (typeof value !== 'object' || value === null) return value;
    const schema = value as Schema;
    if (typeof schema.$ref === 'string') return { $ref: this.#reference(schema.$ref) };
    const { nullable, ...rest } = schema;
    const translated = Object.fromEntries(
      Object.entries(rest).map(([key, inner]) => [key, this.#translateKeyword(key, inner)]),
    );
    return nullable === true ? orNull(translated) : translated;
  }

  #translateKeyword(key: string, value: unknown): unknown {
    if (key === 'example' || key === 'examples' || key === 'enum') return value;
    if (key !== 'required' || !Array.isArray(value) || this.#side === 'request')
      return this.#translate(value);
    return value.filter((name) => !UNMODELLED.test(String(name)));
  }

  #reference(path: string): string {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!this.#known.has(name)) {
      this.#known.add(name); // before its own references, which may lead back here
      this.#ajv.addSchema(this.#translate(this.#description.component(name)) as Schema, name);
    }
    return name;
  }
}

function orNull(schema: Schema): Schema {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  const values = Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, type: [schema.type, 'null'], ...values };
}
