import { randomBytes } from 'node:crypto';
import { ForgeError } from '../errors.ts';

type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Ten characters of Crockford's base32 in lower case: 50 random bits, short enough for a socket path. */
export type TaskId = Brand<string, 'TaskId'>;
/** `owner/name`, as GitHub spells it. */
export type RepoName = Brand<string, 'RepoName'>;
/** A full object id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits. */
export type Sha = Brand<string, 'Sha'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export function newTaskId(): TaskId {
  const bytes = randomBytes(10);
  return Array.from(bytes, (byte) => ALPHABET[byte % 32]).join('') as TaskId;
}

/** Throws `invalid` unless the text is a complete task id. */
export function parseTaskId(text: string): TaskId {
  return parse<TaskId>(text, /^[0-9a-hjkmnp-tv-z]{10}$/, 'a task id (ten letters and digits)');
}

/**
 * Throws `invalid` unless the text is `owner/name` in GitHub's alphabet. A name of `.` or `..` is refused because
 * the parts become directories.
 */
export function parseRepoName(text: string): RepoName {
  return parse<RepoName>(
    text,
    /^(?!-)[A-Za-z0-9-]{1,39}(?<!-)\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'a repository (owner/name)',
  );
}

/** Throws `invalid` unless the text is a full object id. */
export function parseSha(text: string): Sha {
  return parse<Sha>(text.trim(), /^([0-9a-f]{40}|[0-9a-f]{64})$/, 'an object id');
}

function parse<T extends string>(text: string, form: RegExp, what: string): T {
  if (!form.test(text)) {
    throw new ForgeError(`'${text.slice(0, 120)}' is not ${what}`, { category: 'invalid', service: 'forge' });
  }
  return text as T;
}
