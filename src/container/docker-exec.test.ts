import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/containers.ts';

const docker = new TestEngine();
const { engine } = docker;
afterAll(() => docker[Symbol.asyncDispose](), 60_000);
const signal = AbortSignal.timeout(60_000);

function sh(script: string): string[] {
  return ['sh', '-c', script];
}

describe.concurrent('exec', () => {
  let id = '';
  beforeAll(async () => {
    id = await docker.create(['sleep', '300']);
    await engine.start(id);
  }, 60_000);
  const request = { timeoutMs: 20_000, maxOutputBytes: 1000, signal };

  it('gives the exit code and the end of the output', async () => {
    const result = await engine.exec(id, {
      ...request,
      command: sh('seq 1 100000; echo $X; exit 3'),
      env: { X: 'y z' },
    });
    expect(result.exitCode).toBe(3);
    expect(result.output).toMatch(/\n99999\n100000\ny z\n$/);
    expect(result.output.length).toBeLessThanOrEqual(1000);
  });

  it('waits for a process that has closed its output', async () => {
    const result = await engine.exec(id, { ...request, command: sh('exec >&- 2>&-; sleep 0.3; exit 4') });
    expect(result).toMatchObject({ exitCode: 4, output: '' });
  });

  it('kills what does not end in time, with its detached children, and nothing else', async () => {
    const script = 'trap "" TERM; (setsid sleep 1001 &); echo begun; sleep 1002';
    const result = await engine.exec(id, { ...request, timeoutMs: 700, command: sh(script) });
    expect(result).toMatchObject({ exitCode: null, output: expect.stringMatching(/^begun\n/) });
    expect(result.durationMs).toBeGreaterThanOrEqual(700);
    const left = await engine.exec(id, {
      ...request,
      command: sh('cat /proc/[0-9]*/cmdline | tr "\\0" " "'),
    });
    expect(left.output).toContain('sleep 300');
    expect(left.output).not.toMatch(/sleep 100[12]/);
  });

  it('ends with the caller’s abort', async () => {
    const stopping = new AbortController();
    const running = engine.exec(id, { ...request, command: ['sleep', '1003'], signal: stopping.signal });
    setTimeout(() => stopping.abort(), 200);
    await expect(running).rejects.toThrow(/abort/i);
  });

  it('says that there is no such container', async () => {
    await expect(engine.exec('0000000000ab', { ...request, command: ['true'] })).rejects.toMatchObject({
      category: 'not_found',
    });
  });
});
