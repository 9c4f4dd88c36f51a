import { expect, test } from 'vitest';
import { remoteUrl } from './remote-url.ts';

test.each(['https://github.com/acme/widget.git', 'http://127.0.0.1:8080/acme/widget.git'])(
  'takes %s',
  (text) => {
    expect(remoteUrl(text).href).toBe(text);
  },
);

test.each([
  'file:///srv/x.git',
  'ssh://git@h/x.git',
  'git@github.com:acme/widget.git',
  'git://h/x.git',
  'ext::sh -c x',
  '/srv/x.git',
  '-x',
  '',
  'https://me:pw@h/x.git',
  'https://token@h/x.git',
])('refuses %j without repeating it', (text) => {
  expect(() => remoteUrl(text)).toThrow(/^the address of the git repository (is not|holds)/);
});
