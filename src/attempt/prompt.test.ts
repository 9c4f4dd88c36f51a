import { expect, test } from 'vitest';
import { anAttempt, aTask } from '../../test/support/task-builders.ts';
import { buildPrompt, fillTemplate, type PromptSources } from './prompt.ts';

function sources(more: Partial<PromptSources> = {}): PromptSources {
  return {
    task: aTask(),
    attempt: anAttempt(),
    evidence: {
      title: 'Mend the median',
      body: 'It is wrong for {{mark}} and $& and `x`.',
      author: 'ada',
      labels: ['forge'],
      appliedBy: { login: 'ada', id: 1, permission: 'admin' },
      appliedAt: 0,
      url: 'https://github.com/ada/app/issues/7',
    },
    repositoryConfig: { verify: ['npm test'], instructions: 'Use tabs.' },
    failedChecks: null,
    ...more,
  };
}

test('a prompt holds the issue as it is, between marks that it cannot know', async () => {
  const prompt = await buildPrompt(sources());
  const mark = /---- ([0-9a-f]{24}) issue ada\/app#7 by @ada ----/.exec(prompt)?.[1] ?? '';
  expect(prompt).toContain('It is wrong for {{mark}} and $& and `x`.');
  expect(prompt.split(mark)).toHaveLength(4);
  expect(await buildPrompt(sources())).not.toContain(mark);
});

test('it names the checks and the repository’s own instructions', async () => {
  const prompt = await buildPrompt(sources());
  expect(prompt).toContain('    npm test\n');
  expect(prompt).toContain('Use tabs.');
});

test('a revision shows what the failed checks printed, and not the green ones', async () => {
  const command = (name: string, exitCode: number | null, output: string) =>
    ({ command: name, stage: 'verify', exitCode, output, durationMs: 1 }) as const;
  const commands = [command('npm run lint', 0, 'clean'), command('npm test', 1, 'expected 9, got 2')];
  const prompt = await buildPrompt(
    sources({ attempt: anAttempt({ kind: 'revise' }), failedChecks: { status: 'red', commands } }),
  );
  expect(prompt).toContain('$ npm test\nexpected 9, got 2\n(exit code 1)');
  expect(prompt).not.toContain('clean');
});

test('an unknown name in a template is an error, not a gap', () => {
  expect(() => fillTemplate('{{nobody}}', {})).toThrow('{{nobody}}');
  expect(() => fillTemplate('{{constructor}}', {})).toThrow('{{constructor}}');
});
