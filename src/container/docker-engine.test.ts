import Docker from 'dockerode';
import { afterAll, describe, expect, it } from 'vitest';
import { read, TEST_IMAGE, TestEngine } from '../../test/support/containers.ts';
import { connectDocker } from './docker-engine.ts';
import type { Frame } from './engine.ts';
import { LineSplitter } from './lines.ts';

const docker = new TestEngine();
const { engine } = docker;
afterAll(() => docker[Symbol.asyncDispose](), 60_000);
const signal = AbortSignal.timeout(60_000);

function sh(script: string): string[] {
  return ['sh', '-c', script];
}

async function started(command: readonly string[]): Promise<string> {
  const id = await docker.create(command);
  await engine.start(id);
  return id;
}

describe.concurrent('the hardening of every container, seen from inside', () => {
  it('leaves no identity, capability or privilege to gain', async () => {
    const { stdout } = await docker.run(
      sh('id -u; id -g; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'),
    );
    expect(stdout.split('\n').slice(0, 2)).toEqual(['1000', '1000']);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(stdout).toMatch(new RegExp(`${set}:\\s0{16}\n`));
    }
    expect(stdout).toMatch(/NoNewPrivs:\s1\n/);
    expect(stdout).toMatch(/Seccomp:\s2\n/);
  });

  it('has no network but the loopback', async () => {
    const { stdout } = await docker.run(
      sh('ls /sys/class/net; cat /proc/net/route; ls /var/run/docker.sock 2>&1'),
    );
    expect(stdout).toMatch(/^lo\nIface[^\n]*\nls: cannot access/);
  });

  it('can write to /tmp and its home alone, in memory and without set-uid programs or devices', async () => {
    const script =
      'for d in / /etc /usr /var/tmp /forge /tmp /forge/home; do touch $d/x 2>/dev/null && echo $d; done; grep -E " (/tmp|/forge/home) " /proc/mounts | sort';
    const { stdout } = await docker.run(sh(script));
    const inMemory = (path: string) => `tmpfs ${path} tmpfs rw,nosuid,nodev,.*size=1048576k.*\\n`;
    expect(stdout).toMatch(
      new RegExp(`^/tmp\\n/forge/home\\n${inMemory('/forge/home')}${inMemory('/tmp')}$`),
    );
  });

  it('has an init as process 1 that reaps', async () => {
    const { stdout } = await docker.run(
      sh('cat /proc/1/comm; (sleep 0.05 &) ; sleep 0.3; ls -d /proc/[0-9]* | wc -l'),
    );
    expect(stdout).toMatch(/^docker-init\n/);
  });

  it('bounds processes and core dumps', async () => {
    const forks = 'i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done';
    const { stdout, stderr } = await docker.run(sh(`ulimit -c; ${forks}; kill 0`));
    expect(stdout).toBe('0\n');
    expect(stderr).toMatch(/fork/i);
  });

  it('replaces an entrypoint and command of the image', async () => {
    expect((await docker.run(['echo', 'a b', '$HOME'])).stdout).toBe('a b $HOME\n');
  });

  it('is what the engine was asked for', async () => {
    const id = await docker.create(['true'], {
      limits: { cpus: 0.5, memoryBytes: 256 * 1024 ** 2, pids: 77 },
    });
    const { Config, HostConfig } = await new Docker().getContainer(id).inspect();
    expect(Config).toMatchObject({ User: '1000:1000', Tty: false, OpenStdin: false });
    expect(HostConfig).toMatchObject({
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      CapAdd: null,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Init: true,
      IpcMode: 'private',
      PidMode: '',
      PidsLimit: 77,
      Memory: 256 * 1024 ** 2,
      MemorySwap: 256 * 1024 ** 2,
      NanoCpus: 5e8,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file' },
    });
  });

  it('does not ask for more processors than there are', async () => {
    const limits = { cpus: 1000, memoryBytes: 256 * 1024 ** 2, pids: 77 };
    await expect(docker.create(['true'], { limits })).resolves.toBeTypeOf('string');
  });

  it('refuses root, and names that may be root', async () => {
    for (const user of ['0:0', '0:1000', '1000:0', 'root', 'agent', '1000', '']) {
      await expect(docker.create(['true'], { user })).rejects.toMatchObject({ category: 'invalid' });
    }
  });

  it('refuses to make the source of a mount', async () => {
    const mounts = [{ source: '/nonexistent/forge-test', target: '/mnt', readOnly: true }];
    await expect(docker.create(['true'], { mounts })).rejects.toMatchObject({ category: 'invalid' });
  });
});

describe.concurrent('a container’s life', () => {
  it('pauses, resumes and tells its state', async () => {
    const id = await docker.create(sh('while :; do echo tick; sleep 0.01; done'));
    expect(await engine.inspect(id)).toMatchObject({ state: 'created', exitCode: null });
    await engine.start(id);
    await engine.start(id);
    await engine.pause(id);
    expect(await engine.inspect(id)).toMatchObject({ state: 'paused' });
    await engine.unpause(id);
    expect(await engine.inspect(id)).toMatchObject({ state: 'running' });
    await engine.kill(id);
    expect(await engine.wait(id)).toEqual({ exitCode: 137, oomKilled: false });
    await engine.kill(id);
    expect(await engine.inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(await engine.list(docker.home)).toContainEqual(expect.objectContaining({ id, state: 'exited' }));
    await engine.remove(id);
    await engine.remove(id);
    expect(await engine.inspect(id)).toBeNull();
  });

  it('is asked to stop with TERM', async () => {
    const id = await started(sh('trap "exit 5" TERM; echo ready; while :; do sleep 0.02; done'));
    await lines(id, 1);
    await engine.stop(id, { graceSeconds: 10 });
    expect(await engine.wait(id)).toEqual({ exitCode: 5, oomKilled: false });
  });

  it('is killed when it ignores TERM, also while paused', async () => {
    const id = await started(sh('trap "" TERM; echo ready; while :; do sleep 0.02; done'));
    await lines(id, 1);
    await engine.pause(id);
    await engine.stop(id, { graceSeconds: 1 });
    expect(await engine.wait(id)).toEqual({ exitCode: 137, oomKilled: false });
    await engine.stop(id, { graceSeconds: 1 });
  });

  it('says that it ran out of memory, swap included', async () => {
    const limits = { cpus: 1, memoryBytes: 64 * 1024 ** 2, pids: 64 };
    const id = await docker.create(['node', '-e', 'const a=[];for(;;)a.push(Buffer.alloc(1<<24,1))'], {
      limits,
    });
    await engine.start(id);
    expect(await engine.wait(id)).toEqual({ exitCode: 137, oomKilled: true });
  });

  it('is not waited for before its start', async () => {
    const id = await docker.create(['true']);
    await expect(engine.wait(id)).rejects.toMatchObject({ category: 'conflict' });
  });

  it('gives up waiting on abort', async () => {
    const id = await started(['sleep', '60']);
    await expect(engine.wait(id, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

describe.concurrent('errors', () => {
  it('translates what the engine answers', async () => {
    await expect(engine.start('0000000000ab')).rejects.toMatchObject({
      category: 'not_found',
      service: 'docker',
    });
    await expect(engine.wait('0000000000ab')).rejects.toMatchObject({ category: 'not_found' });
    await expect(docker.create(['true'], { image: 'forge-absent:1' })).rejects.toMatchObject({
      category: 'not_found',
    });
    const name = `forge-test-twice-${process.pid}`;
    await docker.create(['true'], { name });
    await expect(docker.create(['true'], { name })).rejects.toMatchObject({ category: 'conflict' });
    expect(await engine.imageId('forge-absent:1')).toBeNull();
    expect(await engine.imageId(TEST_IMAGE)).toMatch(/^sha256:/);
  });

  it('says what to do when no engine answers', async () => {
    for (const host of ['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:9']) {
      await expect(connectDocker(host).ping()).rejects.toMatchObject({
        category: 'unavailable',
        next: expect.stringContaining('Start Docker'),
      });
    }
  });

  it('pings', async () => {
    expect(await engine.ping()).toMatchObject({ version: expect.stringMatching(/^\d+\./), sameKernel: true });
  });
});

describe.concurrent('output', () => {
  const odd = `process.stdout.write(Buffer.from([255, 254, 0, 13, 10]));
    process.stdout.write('é'.repeat(40001) + '\\n\\n\\n');
    process.stderr.write('a' + 'é'.repeat(40001) + '\\r\\n');
    setTimeout(() => process.stdout.write('the end'), 300)`;

  it('is byte-exact from before the start, and line-exact when read again', async () => {
    const id = await docker.create(['node', '-e', odd]);
    const first = read(await engine.output(id, { signal }));
    await engine.start(id);
    const second = read(await engine.output(id, { signal }));
    const { stdout, stderr } = await first;
    const expected = `${'é'.repeat(40001)}\n\n\nthe end`;
    expect(stdout.equals(Buffer.concat([Buffer.from([255, 254, 0, 13, 10]), Buffer.from(expected)]))).toBe(
      true,
    );
    expect(stderr.toString()).toBe(`a${'é'.repeat(40001)}\r\n`);
    await engine.wait(id);
    const third = await read(await engine.output(id, { signal }));
    expect(await second).toEqual(third);
    const replayed = third.stdout.toString().split('\n');
    expect(replayed.slice(2)).toEqual(['', '', 'the end']);
    expect(third.stderr.toString()).toMatch(/^a[^\n]*\r\n$/);
  });

  it('begins again with its first byte for whoever takes it up later', async () => {
    const id = await started([
      'node',
      '-e',
      'for (let i = 0; i < 5000; i++) { console.log("o" + i); console.error("e" + i); }',
    ]);
    const lines = new LineSplitter();
    const seen: string[] = [];
    for await (const frame of await engine.output(id, { signal })) {
      seen.push(...lines.push(frame).map(({ text }) => text));
    }
    seen.push(...lines.finish().map(({ text }) => text));
    const expected = Array.from({ length: 5000 }, (_, i) => i);
    expect(seen.filter((text) => text.startsWith('o'))).toEqual(expected.map((i) => `o${i}`));
    expect(seen.filter((text) => text.startsWith('e'))).toEqual(expected.map((i) => `e${i}`));
  });

  it('survives a torture of tiny writes', async () => {
    const script = `const { writeSync } = require('fs');
      for (let i = 0; i < 400000; i++) writeSync(i % 3 === 2 ? 2 : 1, i % 64 === 0 ? '\\n' : String(i % 10));`;
    const id = await docker.create(['node', '-e', script]);
    const output = await engine.output(id, { signal });
    await engine.start(id);
    const { stdout, stderr } = await read(output);
    const expected = { 1: '', 2: '' };
    for (let i = 0; i < 400_000; i++) expected[i % 3 === 2 ? 2 : 1] += i % 64 === 0 ? '\n' : String(i % 10);
    expect(stdout.toString() === expected[1]).toBe(true);
    expect(stderr.toString() === expected[2]).toBe(true);
  });

  it('ends with the caller’s abort', async () => {
    const id = await started(['sleep', '60']);
    const stopping = new AbortController();
    const reading = read(await engine.output(id, { signal: stopping.signal }));
    stopping.abort();
    await expect(reading).rejects.toThrow(/abort/i);
  });
});

async function lines(id: string, count: number): Promise<void> {
  const splitter = new LineSplitter();
  let seen = 0;
  for await (const frame of (await engine.output(id, { signal })) as AsyncIterable<Frame>) {
    seen += splitter.push(frame).length;
    if (seen >= count) return;
  }
}
