// What forge's engine path costs over the same calls made with dockerode directly: create, attach, start, read to the
// end, wait, remove. Both take turns in one run, so that the machine's moods meet both. Usage: node bench/container.ts
// [ROUNDS] [IMAGE]
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { ensureAgentImage } from '../src/container/agent-image.ts';
import { createOptions } from '../src/container/create-options.ts';
import { demux } from '../src/container/demux.ts';
import { connectDocker } from '../src/container/docker-engine.ts';
import type { ContainerSpec } from '../src/container/engine.ts';

const rounds = Number(process.argv[2] ?? 25);
const docker = new Docker();
const engine = connectDocker(process.env.DOCKER_HOST ?? null);
const image = await ensureAgentImage({
  engine,
  config: { agentImage: process.argv[3] ?? null, baseImage: process.env.FORGE_BASE_IMAGE ?? null },
  agent: 'command',
  home: join(tmpdir(), 'forge-bench-packages'),
  onProgress: (text) => console.error(text),
});
const { NCPU } = await docker.info();

function spec(): ContainerSpec {
  return {
    name: `forge-bench-${randomBytes(6).toString('hex')}`,
    image,
    labels: { 'forge.home': '/bench' },
    user: '1000:1000',
    env: {},
    command: ['true'],
    workingDir: '/',
    mounts: [],
    limits: { cpus: 2, memoryBytes: 512 * 1024 ** 2, pids: 64 },
  };
}

async function raw(): Promise<void> {
  const container = await docker.createContainer(createOptions(spec(), NCPU));
  const socket = await container.attach({ stream: true, stdout: true, stderr: true, hijack: true });
  await container.start();
  for await (const _ of socket);
  await container.wait();
  await container.remove({ force: true, v: true });
}

async function forge(): Promise<void> {
  const id = await engine.create(spec());
  const output = await engine.output(id, { signal: AbortSignal.timeout(60_000) });
  await engine.start(id);
  for await (const _ of output);
  await engine.wait(id);
  await engine.remove(id);
}

async function time(action: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** MiB a second through forge's demultiplexer, for frames of this size in chunks as a socket gives them. */
async function demuxRate(frameBytes: number): Promise<number> {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(frameBytes, 4);
  const frame = Buffer.concat([header, Buffer.alloc(frameBytes)]);
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(65_536 / frame.length) }, () => frame));
  const chunks = Math.ceil((64 * 1024 ** 2) / chunk.length);
  async function* source() {
    for (let i = 0; i < chunks; i += 1) yield chunk;
  }
  const ms = await time(async () => {
    for await (const _ of demux(source()));
  });
  return (chunks * chunk.length) / 1024 ** 2 / (ms / 1000);
}

await raw();
await forge();
const times = { raw: [] as number[], forge: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  times.raw.push(await time(raw));
  times.forge.push(await time(forge));
}
const differences = times.forge.map((ms, i) => ms - (times.raw[i] ?? Number.NaN));
console.log(`container of 'true', ${rounds} rounds, ms        median    p95`);
for (const [name, values] of [...Object.entries(times), ['difference', differences] as const]) {
  const cells = [0.5, 0.95].map((q) => quantile(values, q).toFixed(1).padStart(8));
  console.log(`${name.padEnd(42)}${cells.join('')}`);
}
console.log(`ratio of medians ${(quantile(times.forge, 0.5) / quantile(times.raw, 0.5)).toFixed(3)}`);
for (const bytes of [1, 80, 65_536]) {
  console.log(
    `demux, frames of ${String(bytes).padStart(5)} bytes: ${(await demuxRate(bytes)).toFixed(0)} MiB/s`,
  );
}
