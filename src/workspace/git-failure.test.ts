import { describe, expect, test } from 'vitest';
import { gitFailure, scrub } from './git-failure.ts';

function failed(stderr: string, secrets: string[] = []) {
  return gitFailure({ command: 'fetch', gitDir: '/m.git', url: 'https://me:s3cret@h/r', stderr, secrets });
}

describe('gitFailure', () => {
  test.each([
    ["fatal: Authentication failed for 'https://h/o/r.git/'", 'unauthorized'],
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'unauthorized'],
    ["fatal: unable to access 'https://h/o/r.git/': The requested URL returned error: 403", 'forbidden'],
    ["remote: Repository not found.\nfatal: repository 'https://h/o/r.git/' not found", 'not_found'],
    ["fatal: unable to access 'https://h/': SSL certificate problem: unable to get local issuer", 'settings'],
    ["fatal: transport 'file' not allowed", 'invalid'],
    ['fatal: write error: No space left on device', 'unavailable'],
    ["fatal: unable to access 'https://h/': Could not resolve host: h", 'unavailable'],
    ["fatal: unable to access 'https://h/': The requested URL returned error: 502", 'unavailable'],
    ["fatal: unable to access 'https://h/': The requested URL returned error: 429", 'unavailable'],
    ['error: RPC failed; curl 18 transfer closed\nfatal: early EOF', 'unavailable'],
    ['fatal: the remote end hung up unexpectedly', 'unavailable'],
    ["fatal: not a git repository: '/home/x/repos/o/r.git'", 'invalid'],
    ['error: object file objects/ab/cd is empty\nfatal: loose object abcd is corrupt', 'invalid'],
    ['fatal: fsck error in packed object\nfatal: fetch-pack: invalid index-pack output', 'invalid'],
    ['fatal: something new', 'internal'],
  ])('%j is %s', (stderr, category) => {
    expect(failed(stderr).category).toBe(category);
  });

  test('names the command, the place and the reason, without progress', () => {
    const error = failed('Counting: 1\nCounting: 2\nfatal: bad things\n');
    expect(error.message).toBe('git fetch failed for https://h/r: fatal: bad things');
  });

  test('shows no secret, neither in what git printed nor in an address', () => {
    const error = failed('fatal: https://u:tok-1@h: tok-2 refused', ['tok-2']);
    expect(error.message).toBe('git fetch failed for https://h/r: fatal: https://h: *** refused');
  });
});

test('scrub leaves line ends and takes other control characters', () => {
  expect(scrub('a\u001b[31mb\nc\rd\u009be', [])).toBe('a[31mb\ncde');
});
