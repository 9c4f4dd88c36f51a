import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { parseRepoName, type RepoName } from '../task/ids.ts';

// Each schema reads the text of a setting; the message of each fault says what would be right.

export function whole(min: number, max: number) {
  const right = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, right)
    .transform(Number)
    .pipe(z.number().min(min, right).max(max, right));
}

/** A number that may have a fraction; `what` is the unit. `above` is the bound that it must exceed. */
export function fraction(what: string, bound: { min?: number; above?: number; max: number }) {
  const low = bound.min === undefined ? `more than ${bound.above ?? 0}` : `at least ${bound.min}`;
  const right = `a number of ${what}, ${low} and at most ${bound.max}`;
  return z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, right)
    .transform(Number)
    .pipe(
      z
        .number()
        .refine((value) => value > (bound.above ?? Number.NEGATIVE_INFINITY), right)
        .min(bound.min ?? Number.NEGATIVE_INFINITY, right)
        .max(bound.max, right),
    );
}

const UNIT = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `4g`, `512m`, `65536k` or plain bytes, as Docker reads them; the value is in bytes. */
export function memory(minBytes: number) {
  const right = `an amount of memory such as 4g, 512m or bytes, at least ${minBytes / UNIT.m}m`;
  return z
    .string()
    .regex(/^\d{1,15}(\.\d{1,3})?[bkmg]?$/i, right)
    .transform((text) => {
      const unit = text.at(-1)?.toLowerCase() as keyof typeof UNIT;
      return Math.floor(Number.parseFloat(text) * (UNIT[unit] ?? 1));
    })
    .pipe(z.number().min(minBytes, right).max(Number.MAX_SAFE_INTEGER, right));
}

/** An http or https address without credentials; the value has no slash at its end. */
export function httpUrl(example: string) {
  const right = `an http or https address without a user, query or fragment, such as ${example}`;
  return z
    .string()
    .refine((text) => {
      const url = URL.parse(text);
      return /^https?:$/.test(url?.protocol ?? '') && !/[?#\s]/.test(text) && !text.includes('@');
    }, right)
    .transform((text) => text.replace(/\/+$/, ''));
}

/** A value that goes into a header: one word of printable ASCII. */
export const token = z.string().regex(/^[\x21-\x7e]{1,8192}$/, 'one word without spaces or line breaks');

export const image = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w./:@-]{0,499}$/,
    'an image reference such as debian:12-slim or registry/name@sha256:…',
  );

export const modelName = z
  .string()
  // It becomes an argument of the agent's command line, so it must not look like an option.
  .regex(/^[A-Za-z0-9][\w./:@[\]-]{0,199}$/, "a model's name or id");

export const dockerHost = z
  .string()
  .regex(/^(unix:\/\/\/|tcp:\/\/)[^\s@]+$/, 'unix:///path/to/docker.sock or tcp://host:port');

/** Leaves room for `:opencode` behind it within the 50 characters that GitHub allows. */
export const label = z
  .string()
  .regex(/^[^\p{C},]{1,40}$/u, "a label's name of at most 40 characters without commas");

/** Commas or spaces between; the second naming of a repository counts for nothing. */
export const repositories = z.string().transform((text, context) => {
  const found = new Map<string, RepoName>();
  for (const name of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const key = name.toLowerCase();
    if (found.has(key)) continue;
    const repo = repository(name);
    if (repo.ok) found.set(key, repo.name);
    else context.addIssue({ code: 'custom', message: repo.fault });
  }
  return Object.freeze([...found.values()]) as readonly RepoName[];
});

function repository(name: string): { ok: true; name: RepoName } | { ok: false; fault: string } {
  if (/^[\w-]+\/\*$/.test(name)) {
    return { ok: false, fault: `'${name}' is not in this version; name each repository as owner/name` };
  }
  try {
    return { ok: true, name: parseRepoName(name) };
  } catch (error) {
    return { ok: false, fault: messageOf(error) };
  }
}
