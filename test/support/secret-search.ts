/** One secret in one of the forms that it may be hidden in. */
export interface Hit {
  secret: string;
  form: 'plain' | 'hex' | 'base64';
}

interface Needle extends Hit {
  bytes: Buffer;
}

/** Looks for secrets (by name) in bytes: as they are, in hex, and in base64, wherever they lie in what was encoded. */
export class SecretSearch {
  readonly #needles: readonly Needle[];

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#needles = Object.entries(secrets).flatMap(([secret, value]) => needles(secret, Buffer.from(value)));
  }

  /** Each secret at most once for each form. */
  find(haystack: Buffer | string): Hit[] {
    const bytes = typeof haystack === 'string' ? Buffer.from(haystack) : haystack;
    const found = this.#needles.filter((needle) => bytes.includes(needle.bytes));
    return [...new Map(found.map(({ secret, form }) => [`${secret} ${form}`, { secret, form }])).values()];
  }
}

function needles(secret: string, value: Buffer): Needle[] {
  const hex = value.toString('hex');
  const base64 = [0, 1, 2].flatMap((before) => {
    const text = base64Core(value, before);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    { secret, form: 'plain', bytes: value },
    ...[hex, hex.toUpperCase()].map((text) => ({ secret, form: 'hex' as const, bytes: Buffer.from(text) })),
    ...base64.map((text) => ({ secret, form: 'base64' as const, bytes: Buffer.from(text) })),
  ];
}

/** The part of a base64 text that stands for this value alone, whatever is around it; `before` bytes come first. */
function base64Core(value: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), value]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6));
}
