import { describe, expect, test } from 'vitest';
import { NO_REPOSITORY_CONFIG, parseRepositoryConfig } from './repository-config.ts';

const parse = (text: string) => parseRepositoryConfig(text, '.forge.yml');

test('every key of a complete file arrives', () => {
  const text = `
setup: [npm ci]
verify:
  - npm test
  - npm run lint
image: node:24
protected_paths: [.github/]
instructions: |
  Keep it short.
draft: true
reviewers: [octocat]
labels: [bot]
max_attempts: 2
`;
  expect(parse(text)).toEqual({
    setup: ['npm ci'],
    verify: ['npm test', 'npm run lint'],
    image: 'node:24',
    protectedPaths: ['.github/'],
    instructions: 'Keep it short.\n',
    draft: true,
    reviewers: ['octocat'],
    labels: ['bot'],
    maxAttempts: 2,
  });
});

test.each(['', '# only a comment\n', '{}'])('%j says nothing', (text) => {
  expect(parse(text)).toEqual(NO_REPOSITORY_CONFIG);
  expect(parse(text).verify).toEqual([]);
});

describe('what is wrong is refused by name', () => {
  const anchors = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map((pair) => [...pair])) {
    anchors.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(',')}]`);
  }
  test.each([
    ['an unknown key', 'verfy: [npm test]', 'verfy'],
    ['a wrong type', 'verify: npm test', 'verify'],
    ['an item of a wrong type', 'setup: [npm ci, 7]', 'setup.1'],
    ['a number out of range', 'max_attempts: 0', 'max_attempts'],
    ['a list where keys belong', '- npm test', 'the file'],
    ['broken YAML', 'verify: [npm test', '.forge.yml'],
    ['a key that stands there twice', 'draft: true\ndraft: false', 'unique'],
    ['an alias bomb', anchors.join('\n'), 'alias'],
    ['a prototype', '__proto__: {verify: [x]}', '__proto__'],
    ['a merge key', 'base: &b {draft: true}\n<<: *b', '<<'],
    ['a large file', `# ${'x'.repeat(64 * 1024)}`, '64 KiB'],
  ])('%s', (_what, text, named) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ category: 'invalid', message: expect.stringContaining(named) }),
    );
  });
});

test('a prototype in the file changes no object', () => {
  expect(() => parse('__proto__: {polluted: true}')).toThrow();
  expect('polluted' in {}).toBe(false);
});
