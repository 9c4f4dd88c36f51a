import { ForgeError } from '../errors.ts';

/**
 * Whether git (and a shell, and a URL) can take the text as a branch name: the rules of `git check-ref-format
 * --branch`, and at most 200 bytes, because a loose ref is a file and its lock has a longer name.
 */
export function isBranchName(name: string): boolean {
  return (
    Buffer.byteLength(name) <= 200 &&
    name !== '@' &&
    name !== 'HEAD' &&
    !name.startsWith('-') &&
    !name.endsWith('.') &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must refuse
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(name) &&
    name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
  );
}

/** Throws `invalid` unless `isBranchName`. */
export function requireBranchName(name: string): void {
  if (!isBranchName(name)) {
    throw new ForgeError(`${JSON.stringify(name.slice(0, 120))} is not a branch name that git takes`, {
      category: 'invalid',
      service: 'git',
    });
  }
}
