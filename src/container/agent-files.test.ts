import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { read, TEST_IMAGE, TestEngine } from '../../test/support/containers.ts';
import { newTaskId, parseSha, type Sha } from '../task/ids.ts';
import { type AgentContainerRequest, agentContainer, type ContainerPaths } from './agent-container.ts';
import { installAgentFiles } from './agent-files.ts';

/** A daemon that is root gives the workspace away to 1000; any other keeps it to itself. */
const uid = process.getuid?.() || 1000;
const gid = process.getgid?.() || 1000;
const root = mkdtempSync(join(tmpdir(), 'forge-agent-'));
const home = join(root, 'home');
const binDir = await installAgentFiles(home);
const docker = new TestEngine();
const { engine } = docker;
const signal = AbortSignal.timeout(120_000);
afterAll(async () => {
  await docker[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
}, 60_000);

function git(dir: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'safe.directory=*'];
  return execFileSync('git', [...identity, '-C', dir, ...args], {
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

interface Laid {
  paths: ContainerPaths;
  mirror: string;
  startSha: Sha;
}

/** A mirror with one commit and an attempt's directories over it, as the workspace room makes them. */
function layOut(): Laid {
  const dir = join(root, randomBytes(4).toString('hex'));
  const mirror = join(dir, 'mirror.git');
  const tree = join(dir, 'tree');
  mkdirSync(tree, { recursive: true });
  git(root, 'init', '-q', '--bare', '-b', 'main', mirror);
  git(root, 'clone', '-q', mirror, join(dir, 'seed'));
  const seed = join(dir, 'seed');
  writeFileSync(join(seed, 'a.txt'), 'a\n');
  writeFileSync(join(seed, '.gitignore'), 'ignored\n');
  mkdirSync(join(seed, 'sub'));
  writeFileSync(join(seed, 'sub/b.txt'), 'b\n');
  git(seed, 'add', '.');
  git(seed, 'commit', '-qm', 'begin');
  git(seed, 'push', '-q', 'origin', 'HEAD:refs/heads/main');
  const startSha = parseSha(git(seed, 'rev-parse', 'HEAD'));
  const paths = {
    tree,
    gitDir: join(dir, 'git'),
    gitfile: join(dir, 'gitfile'),
    objectsDir: join(mirror, 'objects'),
    out: join(dir, 'out'),
    run: join(dir, 'run'),
  };
  for (const path of [paths.out, paths.run]) mkdirSync(path);
  git(root, 'init', '-q', '--bare', '-b', 'task', paths.gitDir);
  git(paths.gitDir, 'config', 'core.bare', 'false');
  writeFileSync(join(paths.gitDir, 'objects/info/alternates'), `${paths.objectsDir}\n`);
  git(paths.gitDir, 'update-ref', 'refs/heads/task', startSha);
  git(paths.gitDir, `--work-tree=${tree}`, 'read-tree', '-u', '--reset', startSha);
  writeFileSync(join(paths.gitDir, 'objects/info/alternates'), '/forge/objects\n');
  writeFileSync(paths.gitfile, 'gitdir: /forge/git\n');
  writeFileSync(join(tree, '.git'), '');
  writeFileSync(join(paths.run, 'prompt.txt'), 'the prompt');
  if (process.getuid?.() === 0) {
    execFileSync('chown', ['-R', `${uid}:${gid}`, tree, paths.gitDir, paths.gitfile, paths.out]);
  }
  return { paths, mirror, startSha };
}

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The tip, after its pack was taken into the mirror as forge does. */
  tip: string | null;
  files: string[];
}

function request(laid: Laid, script: string): AgentContainerRequest {
  return {
    role: 'agent',
    command: ['sh', '-c', script],
    home: docker.home,
    taskId: newTaskId(),
    attempt: 1,
    generation: 1,
    image: TEST_IMAGE,
    user: { uid, gid },
    limits: { cpus: 2, memoryBytes: 512 * 1024 ** 2, pids: 128 },
    paths: laid.paths,
    env: {},
    binDir,
    message: 'Mend it',
    baseSha: laid.startSha,
    startSha: laid.startSha,
  };
}

async function attempt(script: string, laid = layOut(), role: 'agent' | 'salvage' = 'agent'): Promise<Ended> {
  const id = await engine.create(agentContainer({ ...request(laid, script), role } as AgentContainerRequest));
  const output = await engine.output(id, { signal });
  await engine.start(id);
  const { stdout, stderr } = await read(output);
  const { exitCode } = await engine.wait(id);
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), ...takeResult(laid) };
}

function takeResult({ paths, mirror }: Laid): Pick<Ended, 'tip' | 'files'> {
  const tipFile = join(paths.out, 'tip');
  if (!existsSync(tipFile)) return { tip: null, files: [] };
  const tip = readFileSync(tipFile, 'utf8').trim();
  const pack = join(paths.out, 'pack');
  if (existsSync(pack)) {
    execFileSync('git', ['--git-dir', mirror, 'index-pack', '--stdin', '--fix-thin', '--strict'], {
      input: readFileSync(pack),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
  git(mirror, 'rev-list', '--objects', tip);
  return { tip, files: git(mirror, 'ls-tree', '-r', '--format=%(objecttype) %(path)', tip).split('\n') };
}

function show(laid: Laid, tip: string | null, path: string): string {
  return git(laid.mirror, 'show', `${tip}:${path}`);
}

const BEGIN = ['blob .gitignore', 'blob a.txt', 'blob sub/b.txt'];

describe.concurrent('the entrypoint', { timeout: 60_000 }, () => {
  it('gives the agent its prompt, and the agent’s output and code to forge', async () => {
    const ended = await attempt(
      'cat; echo; cat $FORGE_PROMPT_FILE; echo; git status --short; echo err >&2; exit 7',
    );
    expect(ended).toMatchObject({ exitCode: 7, stdout: 'the prompt\nthe prompt\n', stderr: 'err\n' });
  });

  it('runs the set-up first and does not go on without it', async () => {
    const good = layOut();
    writeFileSync(join(good.paths.run, 'setup.sh'), 'echo setting up; touch /tmp/ready');
    expect(await attempt('ls /tmp/ready', good)).toMatchObject({
      exitCode: 0,
      stdout: '/tmp/ready\n',
      stderr: 'setting up\n',
    });
    const bad = layOut();
    writeFileSync(join(bad.paths.run, 'setup.sh'), 'exit 3');
    expect(await attempt('echo agent', bad)).toMatchObject({ exitCode: 97, stdout: '', tip: null });
    expect(readFileSync(join(bad.paths.out, 'setup-failed'), 'utf8')).toBe('3\n');
  });

  it('passes TERM on to the agent’s process group and still collects', async () => {
    const laid = layOut();
    const script =
      'trap "until [ -e said-too ]; do sleep 0.02; done; echo bye > said; exit 9" TERM; (trap "echo child > said-too" TERM; while :; do sleep 0.02; done) & echo up; while :; do sleep 0.02; done';
    const id = await engine.create(agentContainer(request(laid, script)));
    const output = await engine.output(id, { signal });
    await engine.start(id);
    for await (const { bytes } of output) if (bytes.toString().includes('up')) break;
    await engine.stop(id, { graceSeconds: 30 });
    expect(await engine.wait(id)).toMatchObject({ exitCode: 9 });
    expect(takeResult(laid).files).toEqual([...BEGIN, 'blob said', 'blob said-too'].sort());
  });

  it('relays to the gateway’s socket, holding connections until it is served', async () => {
    const laid = layOut();
    const script = `node -e '
      require("node:http").get("http://127.0.0.1:8377/x", (res) => res.pipe(process.stdout));
      process.stderr.write("asked");'`;
    const id = await engine.create(agentContainer(request(laid, script)));
    const output = await engine.output(id, { signal });
    await engine.start(id);
    const gateway = createServer((req, res) => res.end(`gateway got ${req.url}`));
    let stdout = '';
    for await (const { stream, bytes } of output) {
      if (stream === 'stdout') stdout += bytes.toString();
      if (bytes.toString().includes('asked')) {
        const socket = join(laid.paths.run, 'gateway.sock');
        await new Promise<void>((done) => gateway.listen({ path: socket, writableAll: true }, done));
      }
    }
    gateway.close();
    expect(stdout).toBe('gateway got /x');
  });

  it('is not kept alive by what the agent leaves running', async () => {
    const ended = await attempt('(setsid sleep 1000 &); (sleep 1000 &); echo done');
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });

  it('goes on without a relay where there is no node', async () => {
    const spec = agentContainer(request(layOut(), 'command -v node || echo none'));
    const id = await engine.create({ ...spec, env: { ...spec.env, PATH: '/usr/bin:/bin' } });
    const output = await engine.output(id, { signal });
    await engine.start(id);
    const { stdout, stderr } = await read(output);
    expect([stdout.toString(), stderr.toString()]).toEqual(['none\n', '']);
    expect(await engine.wait(id)).toMatchObject({ exitCode: 0 });
  });
});

describe.concurrent('the collection', { timeout: 60_000 }, () => {
  it('brings nothing but the tip when nothing changed', async () => {
    const laid = layOut();
    expect(await attempt('echo x > ignored', laid)).toMatchObject({ tip: laid.startSha, files: BEGIN });
    expect(existsSync(join(laid.paths.out, 'pack'))).toBe(false);
  });

  it('brings commits and leftovers, without what is ignored, in spite of hooks and locks', async () => {
    const laid = layOut();
    const script = `set -e; echo c > c.txt; git add c.txt; git commit -qm mine
      echo d > d.txt; echo more >> a.txt; rm sub/b.txt; echo x > ignored
      for hook in pre-commit commit-msg reference-transaction post-index-change; do
        printf '#!/bin/sh\\nexit 1\\n' > /forge/git/hooks/$hook; chmod +x /forge/git/hooks/$hook; done
      git config commit.gpgSign true; git config core.fsmonitor /bin/false
      touch /forge/git/index.lock /forge/git/HEAD.lock /forge/git/refs/heads/task.lock`;
    const { tip, files, stderr } = await attempt(script, laid);
    expect(stderr).toBe('');
    expect(files).toEqual(['blob .gitignore', 'blob a.txt', 'blob c.txt', 'blob d.txt']);
    expect(show(laid, tip, 'a.txt')).toBe('a\nmore');
    expect(git(laid.mirror, 'log', '--format=%s %an <%ae>', `${laid.startSha}..${tip}`)).toBe(
      'Keep what the agent left uncommitted forge <forge@forge.invalid>\nmine forge <forge@forge.invalid>',
    );
  });

  const heads = {
    'another branch': 'git switch -qc other; echo c > c; git add c; git commit -qm c',
    'a detached HEAD': 'git checkout -q --detach; echo c > c; git add c; git commit -qm c',
    'a rewritten history': 'echo c > c; git add c; git commit -q --amend -m again; git gc -q',
    'a branch that it left again':
      'git switch -qc o; echo c > c; git add c; git commit -qm c; git switch -q task',
    'no ref at all': 'echo c > c; rm -rf /forge/git/refs /forge/git/packed-refs',
    'an unborn branch': 'git switch -q --orphan new; git checkout -q task -- .; echo c > c',
    'a broken index and configuration':
      'echo c > c; echo junk > /forge/git/index; echo "[junk" > /forge/git/config',
    'no git directory to speak of': 'echo c > c; rm -rf /forge/git/*',
    'a rebase that it gave up': `echo 1 > a.txt; git commit -qam 1; git switch -qc o HEAD^; echo 2 > a.txt
      git commit -qam 2; git rebase task; echo a > a.txt; echo c > c`,
  };
  it.each(Object.entries(heads))('copes with %s', async (_, script) => {
    const laid = layOut();
    const { tip, files } = await attempt(script, laid);
    expect(files).toEqual(['blob .gitignore', 'blob a.txt', 'blob c', 'blob sub/b.txt']);
    expect(tip).not.toBe(laid.startSha);
  });

  it('keeps both parents of a merge that was not committed', async () => {
    const laid = layOut();
    const script = `git switch -qc o; echo 1 > a.txt; git commit -qam 1; git switch -q task
      echo 2 > a.txt; git commit -qam 2; git merge o; echo both > a.txt`;
    const { tip } = await attempt(script, laid);
    expect(show(laid, tip, 'a.txt')).toBe('both');
    expect(git(laid.mirror, 'rev-list', '--parents', '-1', `${tip}`).split(' ')).toHaveLength(3);
  });

  it('takes the files of repositories inside the workspace, and says so', async () => {
    const laid = layOut();
    const script = `git init -q new; echo 1 > new/f; git init -q new/deep; echo 2 > new/deep/g
      git init -q "with commit"; echo 3 > "with commit/h"; (cd "with commit"; git add .; git commit -qm x)
      git init -q added; echo 4 > added/i; (cd added; git add .; git commit -qm x); git add added; git commit -qm added
      git init -q sub`;
    const { files, stderr } = await attempt(script, laid);
    const expected = ['added/i', 'new/deep/g', 'new/f', 'with commit/h'].map((path) => `blob ${path}`);
    expect(files).toEqual([...BEGIN, ...expected].sort());
    for (const path of ['new/', 'new/deep/', 'with commit/', 'added']) {
      expect(stderr).toContain(`forge: ${path} is a repository of its own`);
    }
  });

  it('unlocks files and directories that the agent shut', async () => {
    const laid = layOut();
    const { files } = await attempt(
      'echo c > c; mkdir d; echo e > d/e; chmod 0 c d sub a.txt; mkfifo pipe',
      laid,
    );
    expect(files).toEqual([...BEGIN, 'blob c', 'blob d/e'].sort());
  });

  it('serves a container that died, and may be repeated', async () => {
    const laid = layOut();
    const id = await engine.create(agentContainer(request(laid, 'echo c > c; echo up; sleep 1000')));
    const output = await engine.output(id, { signal });
    await engine.start(id);
    for await (const { bytes } of output) if (bytes.toString().includes('up')) break;
    await engine.kill(id);
    await engine.wait(id);
    expect(takeResult(laid).tip).toBeNull();
    const first = await attempt('', laid, 'salvage');
    expect(first).toMatchObject({ exitCode: 0, stdout: '', files: [...BEGIN, 'blob c'].sort() });
    expect(await attempt('', laid, 'salvage')).toMatchObject({ exitCode: 0, files: first.files });
  });
});
