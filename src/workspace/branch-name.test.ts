import { expect, test } from 'vitest';
import { isBranchName, requireBranchName } from './branch-name.ts';

test.each([
  'main',
  'feature/x',
  'forge/issue-7-fix-it',
  'a.b',
  'a-',
  'ünïcode',
  '@a',
  'a@b',
  'v1.0',
  'x'.repeat(200),
])('takes %j', (name) => {
  expect(isBranchName(name)).toBe(true);
});

test.each([
  '',
  '-x',
  '--upload-pack=touch /tmp/x',
  '@',
  'HEAD',
  'a@{1}',
  '@{-1}',
  'a.lock',
  'a.lock/b',
  'a..b',
  'a/',
  '/a',
  'a//b',
  '.a',
  'a/.b',
  'a.',
  'a b',
  'a\tb',
  'a\nb',
  'a\0b',
  'a\x7fb',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[b',
  'a\\b',
  'x'.repeat(201),
  'ü'.repeat(101),
])('refuses %j', (name) => {
  expect(isBranchName(name)).toBe(false);
  expect(() => requireBranchName(name)).toThrow(/is not a branch name/);
});
