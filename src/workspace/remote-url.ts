import { ForgeError } from '../errors.ts';

/** Throws `invalid` unless the text is an http or https address without a user name or password in it. */
export function remoteUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw refused('is not an http or https address');
  if (url.username !== '' || url.password !== '') throw refused('holds a user name or a password');
  return url;
}

/** The address itself is left out: it may hold what must not be shown. */
function refused(why: string): ForgeError {
  return new ForgeError(`the address of the git repository ${why}`, { category: 'invalid', service: 'git' });
}
