import { randomBytes } from 'node:crypto';
import { connectDocker } from '../../src/container/docker-engine.ts';
import type { ContainerEngine, ContainerSpec, Frame, StreamName } from '../../src/container/engine.ts';

/** Debian with git and Node: the image of the agent `command`, which the tests' global set-up has built. */
export const TEST_IMAGE = process.env.FORGE_TEST_IMAGE ?? '';

/** An engine that removes, on dispose, every container it was used to create. */
export class TestEngine implements AsyncDisposable {
  readonly engine: ContainerEngine = connectDocker(process.env.DOCKER_HOST ?? null);
  /** Stands for a `FORGE_HOME` in the labels, different for each test file. */
  readonly home = `/test/${randomBytes(6).toString('hex')}`;

  async create(command: readonly string[], overrides: Partial<ContainerSpec> = {}): Promise<string> {
    return this.engine.create({
      name: `forge-test-${randomBytes(6).toString('hex')}`,
      image: TEST_IMAGE,
      user: '1000:1000',
      env: {},
      command,
      workingDir: '/',
      mounts: [],
      limits: { cpus: 2, memoryBytes: 512 * 1024 ** 2, pids: 128 },
      ...overrides,
      labels: { 'forge.home': this.home, ...overrides.labels },
    });
  }

  /** Runs a new container to its end. */
  async run(
    command: readonly string[],
    overrides: Partial<ContainerSpec> = {},
  ): Promise<Record<StreamName, string> & { exitCode: number }> {
    const id = await this.create(command, overrides);
    const output = await this.engine.output(id, { signal: AbortSignal.timeout(30_000) });
    await this.engine.start(id);
    const printed = await read(output);
    const { exitCode } = await this.engine.wait(id);
    return { stdout: printed.stdout.toString(), stderr: printed.stderr.toString(), exitCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await this.engine.list(this.home);
    await Promise.all(left.map(({ id }) => this.engine.remove(id)));
  }
}

/** All bytes of both streams, to the end. */
export async function read(frames: AsyncIterable<Frame>): Promise<Record<StreamName, Buffer>> {
  const pieces: Record<StreamName, Buffer[]> = { stdout: [], stderr: [] };
  for await (const { stream, bytes } of frames) pieces[stream].push(bytes);
  return { stdout: Buffer.concat(pieces.stdout), stderr: Buffer.concat(pieces.stderr) };
}
