import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isForgeError } from '../errors.ts';
import { agentAdapter } from './index.ts';

const adapter = agentAdapter('command');
const request = { model: null, attemptMinutes: 60, agentCommand: 'cat; echo "$0"', dummyKey: 'dummy' };

test("runs the operator's command with a shell", () => {
  const { command, env } = adapter.launch(request);
  const [file = '', ...args] = command;
  expect(execFileSync(file, args, { input: 'the prompt\n', encoding: 'utf8' })).toBe('the prompt\nsh\n');
  expect(JSON.stringify(env)).not.toContain('dummy');
  expect(adapter.needsModel).toBe(false);
});

test('without a command there is a setting to make', () => {
  expect(() => adapter.launch({ ...request, agentCommand: null })).toThrow(
    expect.toSatisfy(
      (error) => isForgeError(error, 'settings') && error.next?.includes('FORGE_AGENT_COMMAND') === true,
    ),
  );
});

test('every line is output of its stream', () => {
  const parser = adapter.parser();
  expect(parser.line('stdout', '{"type":"result"}')).toEqual([
    { type: 'output', text: '{"type":"result"}', data: { stream: 'stdout' } },
  ]);
  expect(parser.line('stderr', 'oh')).toEqual([{ type: 'output', text: 'oh', data: { stream: 'stderr' } }]);
});

test('exit code 0 is success, explained by the last lines of standard output', () => {
  const parser = adapter.parser();
  for (let n = 1; n <= 50; n++) parser.line('stdout', n % 2 === 0 ? `line ${n}` : ' ');
  parser.line('stderr', 'noise');
  const expected = Array.from({ length: 20 }, (_, n) => `line ${12 + 2 * n}`).join('\n');
  expect(parser.finish(0)).toEqual({ ok: true, explanation: expected, usd: null });
});

test('any other exit code is a failure, with the last line as its reason', () => {
  const parser = adapter.parser();
  expect(parser.finish(7)).toMatchObject({ ok: false, message: expect.stringContaining('printed nothing') });
  parser.line('stdout', 'all is well');
  parser.line('stderr', 'no, it is not');
  parser.line('stderr', '');
  expect(parser.finish(7)).toEqual({
    ok: false,
    message: 'the command ended with exit code 7: no, it is not',
    usd: null,
  });
});

test.each(['codex', 'gemini', 'opencode'] as const)('%s is not in this version', (name) => {
  expect(() => agentAdapter(name)).toThrow(
    expect.toSatisfy((error) => isForgeError(error, 'settings') && error.message.includes(name)),
  );
});
