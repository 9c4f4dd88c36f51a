import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';

/** A daemon that was asked to stop and never gets done. */
const NEVER_DONE = `
  const { stopRequest } = await import(process.argv[1]);
  const stopping = stopRequest({ warn() {} });
  stopping.requested.then(({ kind }) => console.log(kind));
  setInterval(() => {}, 1e6);
  console.log('up');
`;

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('the first %s asks for a drain, the second ends the process at once', async (signal, code) => {
  const module = new URL('./stop-request.ts', import.meta.url).href;
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', NEVER_DONE, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void daemon.kill('SIGKILL'));
  const said = daemon.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
  expect((await said.next()).value).toBe('up\n');
  daemon.kill(signal);
  expect((await said.next()).value).toBe('drain\n');
  const ended = once(daemon, 'exit');
  daemon.kill(signal);
  expect(await ended).toEqual([code, null]);
});
