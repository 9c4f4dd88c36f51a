import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let root: string;

/** A checkout with the real `bin/forge.js` and a program of our own behind it. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'forge-bin-'));
  cpSync(new URL('../../bin', import.meta.url), join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(root, 'old.mjs'),
    "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });",
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function build(program: string): void {
  mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(root, 'dist', 'cli', 'main.js'), program);
}

function installNode(): void {
  mkdirSync(join(root, 'node_modules', 'node', 'bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules', 'node', 'bin', 'node'));
}

/** With `old`, by a Node that says it is version 20; the Node that it hands over to says the truth. */
function forge(args: string[], { old = false, ipc = false } = {}): ChildProcess {
  const pretend = old ? ['--import', join(root, 'old.mjs')] : [];
  const stdio = ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])] as const;
  return spawn(process.execPath, [...pretend, join(root, 'bin', 'forge.js'), ...args], { stdio: [...stdio] });
}

async function ended(child: ChildProcess) {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { stdout, stderr, code, signal };
}

test('it runs the built program, and says so when there is none', async () => {
  expect(await ended(forge([]))).toMatchObject({
    code: 1,
    stderr: 'forge: forge is not built. Run npm run build in its directory\n',
  });
  build('console.log(process.argv.slice(2)); process.exitCode = 3;');
  expect(await ended(forge(['a b', '--c']))).toMatchObject({ code: 3, stdout: "[ 'a b', '--c' ]\n" });
});

test('an old Node without a newer one beside it is told which it needs', async () => {
  build('');
  expect(await ended(forge([], { old: true }))).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'forge: this is Node 20.20.2, forge needs Node 22.12 or newer. Install it from https://nodejs.org\n',
  });
});

describe('an old Node hands over to the one that npm installed', () => {
  beforeEach(installNode);

  test('with arguments and exit code', async () => {
    build('console.log(process.versions.node, process.argv[2]); process.exitCode = 75;');
    const { code, stdout } = await ended(forge(['x'], { old: true }));
    expect(stdout).toBe(`${process.versions.node} x\n`);
    expect(code).toBe(75);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('with %s, exactly once', async (signal) => {
    build(`let count = 0;
      process.on('${signal}', () => { count++; setTimeout(() => { console.log(count); process.exit(9); }, 200); });
      setInterval(() => {}, 1000);
      console.log('up');`);
    const child = forge([], { old: true });
    child.stdout?.once('data', () => child.kill(signal));
    expect(await ended(child)).toMatchObject({ code: 9, stdout: 'up\n1\n' });
  });

  test('and ends by the signal that ended it', async () => {
    build("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
    expect(await ended(forge([], { old: true }))).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('with messages both ways, until one side closes the channel', async () => {
    build(`process.on('message', (message) => process.send({ heard: message }, () => process.disconnect()));
      process.on('exit', () => console.log('done'));`);
    const child = forge([], { old: true, ipc: true });
    child.send('hello');
    const [[message], , result] = await Promise.all([
      once(child, 'message'),
      once(child, 'disconnect'),
      ended(child),
    ]);
    expect(message).toEqual({ heard: 'hello' });
    expect(result).toMatchObject({ code: 0, stdout: 'done\n' });
  });
});
