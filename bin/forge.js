#!/usr/bin/env node
// Plain JavaScript that an old Node can read as well: it only finds the Node that forge needs, and starts it there.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

const NEEDED = [22, 12];

const program = new URL('../dist/cli/main.js', import.meta.url);
const ownNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (isOld(process.versions.node)) {
  if (existsSync(ownNode)) continueWith(ownNode);
  else
    fail(
      `this is Node ${process.versions.node}, forge needs Node ${NEEDED.join('.')} or newer`,
      'Install it from https://nodejs.org',
    );
} else if (!existsSync(program)) {
  fail('forge is not built', 'Run npm run build in its directory');
} else {
  // Beside the code and not in the shared /tmp, where anybody could lay code in wait.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/forge', import.meta.url)));
  await import(program.href);
}

function isOld(version) {
  const [major, minor] = version.split('.').map(Number);
  return major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
}

function fail(message, next) {
  process.stderr.write(`forge: ${message}. ${next}\n`);
  process.exitCode = 1;
}

/** Becomes a go-between: signals and messages pass on, and it ends as the other one ends. */
function continueWith(node) {
  const stdio = process.send ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  passSignals(child);
  if (process.send) passMessages(child);
  child.on('error', (error) =>
    fail(`${node} cannot be started: ${error.message}`, 'Run npm ci in its directory'),
  );
  child.on('close', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function passSignals(child) {
  // A terminal sends these to both; passed on as well, one Ctrl-C would count as two.
  const fromTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP']) {
    process.on(signal, () => fromTerminal || child.kill(signal));
  }
  process.on('SIGTERM', () => child.kill('SIGTERM'));
}

function passMessages(child) {
  child.on('message', (message) => process.connected && process.send(message));
  child.on('disconnect', () => process.connected && process.disconnect());
  process.on('message', (message) => child.connected && child.send(message));
  process.on('disconnect', () => child.connected && child.disconnect());
}
