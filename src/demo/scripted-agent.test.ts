import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SAMPLE_FILES } from './sample-repository.ts';
import { SCRIPTED_AGENT } from './scripted-agent.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'forge-agent-'));
  for (const [path, content] of Object.entries(SAMPLE_FILES)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  writeFileSync(`${dir}.prompt`, 'Do it.\n');
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Start');
});

afterEach(() => {
  rmSync(dir, { recursive: true });
  rmSync(`${dir}.prompt`);
});

test('the sample repository has exactly one failing test', () => {
  expect(run('node', '--test', '--test-reporter=tap').stdout).toMatch(/^# pass 3\n# fail 1$/m);
});

test('the scripted agent makes the tests pass with one commit and leaves nothing behind', () => {
  const agent = run('sh', '-c', SCRIPTED_AGENT);
  expect(agent).toMatchObject({ status: 0, stderr: '' });
  expect(agent.stdout).toContain('Failing: the median of numbers with different lengths');
  expect(agent.stdout.trimEnd().split('\n').at(-1)).toMatch(/^median\(\) sorted its numbers as text/);
  expect(run('node', '--test').status).toBe(0);
  expect(git('log', '--format=%s')).toBe('Sort numbers by value in median\nStart\n');
  expect(git('status', '--porcelain')).toBe('');
});

test('a second round finds nothing to change', () => {
  run('sh', '-c', SCRIPTED_AGENT);
  const tip = git('rev-parse', 'HEAD');
  const agent = run('sh', '-c', SCRIPTED_AGENT);
  expect(agent.stdout).toContain('nothing to change');
  expect(git('rev-parse', 'HEAD')).toBe(tip);
});

function git(...args: string[]): string {
  return run('git', ...args).stdout;
}

function run(command: string, ...args: string[]) {
  const identity = { NAME: 'Agent', EMAIL: 'agent@example.com' };
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: '/dev/null',
    FORGE_PROMPT_FILE: `${dir}.prompt`,
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
  return spawnSync(command, args, { cwd: dir, env, encoding: 'utf8' });
}
