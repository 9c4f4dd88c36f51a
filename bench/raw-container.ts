import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { agentContainer } from '../src/container/agent-container.ts';
import { createOptions } from '../src/container/create-options.ts';
import { newTaskId, parseRepoName, parseSha } from '../src/task/ids.ts';
import { layOut } from '../src/workspace/layout.ts';
import { mirrorOf } from '../src/workspace/mirror.ts';

const USER = { uid: 1000, gid: 1000 };
const LIMITS = { cpus: 1, memoryBytes: 1024 ** 3, pids: 128 };

/**
 * What nobody could do without: create, attach, start, wait and remove through dockerode alone, around a shell that
 * does what the agent does. Hardening and mounts are forge's own, over empty directories in `dir`. Answers the ms.
 */
export function rawContainer(docker: Docker, image: string, dir: string): () => Promise<number> {
  const options = rawOptions(image, dir);
  return async () => {
    const began = performance.now();
    const container = await docker.createContainer(options);
    const output = await container.attach({ stream: true, stdout: true, stderr: true, hijack: true });
    output.resume();
    await container.start();
    await container.wait();
    await container.remove({ force: true, v: true });
    return performance.now() - began;
  };
}

function rawOptions(image: string, dir: string) {
  const mirror = mirrorOf(dir, parseRepoName('bench/raw'));
  const paths = layOut(dir, 'raw', mirror);
  const binDir = join(dir, 'bin');
  const { gitfile, ...dirs } = paths;
  for (const path of [...Object.values(dirs), binDir]) mkdirSync(path, { recursive: true, mode: 0o755 });
  for (const path of [gitfile, join(paths.tree, '.git')]) writeFileSync(path, '');
  if (process.getuid?.() === 0) chownSync(paths.tree, USER.uid, USER.gid);
  const sha = parseSha('0'.repeat(40));
  const spec = agentContainer({
    ...{
      role: 'agent',
      home: dir,
      taskId: newTaskId(),
      attempt: 1,
      generation: 1,
      image,
      user: USER,
      limits: LIMITS,
    },
    ...{ paths, binDir, message: 'Measure', baseSha: sha, startSha: sha, command: [], env: {} },
  });
  return createOptions({ ...spec, command: ['sh', '-c', 'echo x > file'] }, 1);
}
