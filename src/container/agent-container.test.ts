import { expect, it } from 'vitest';
import { parseSha, parseTaskId } from '../task/ids.ts';
import { agentContainer } from './agent-container.ts';

const sha = parseSha('a'.repeat(40));
const paths = {
  tree: '/h/tree',
  gitDir: '/h/git',
  gitfile: '/h/gitfile',
  objectsDir: '/m/objects',
  out: '/h/out',
  run: '/h/run',
};
const common = {
  home: '/h',
  taskId: parseTaskId('0123456789'),
  attempt: 2,
  generation: 5,
  image: 'i',
  user: { uid: 1000, gid: 1001 },
  limits: { cpus: 1, memoryBytes: 1, pids: 1 },
  paths,
  env: { X: 'y' },
};
const collect = { binDir: '/h/agent/1', message: 'Mend it', baseSha: sha, startSha: sha };

function mounts(spec: ReturnType<typeof agentContainer>): string[] {
  return spec.mounts.map(({ source, target, readOnly }) => `${source}:${target}:${readOnly ? 'ro' : 'rw'}`);
}

it('gives the agent its workspace to write, and everything else to read', () => {
  const spec = agentContainer({ ...common, ...collect, role: 'agent', command: ['cli', '-p'] });
  expect(spec).toMatchObject({
    name: 'forge-0123456789-2',
    user: '1000:1001',
    labels: {
      'forge.home': '/h',
      'forge.task': '0123456789',
      'forge.attempt': '2',
      'forge.generation': '5',
      'forge.role': 'agent',
    },
    env: { X: 'y', HOME: '/forge/home', FORGE_PROMPT_FILE: '/forge/run/prompt.txt', FORGE_START_SHA: sha },
    command: ['sh', '/forge/bin/entrypoint.sh', 'cli', '-p'],
  });
  expect(mounts(spec)).toEqual([
    '/h/tree:/workspace:rw',
    '/h/gitfile:/workspace/.git:ro',
    '/h/git:/forge/git:rw',
    '/m/objects:/forge/objects:ro',
    '/h/out:/forge/out:rw',
    '/h/agent/1:/forge/bin:ro',
    '/h/run:/forge/run:ro',
  ]);
});

it('gives salvage no gateway, and verification no way out either', () => {
  const salvage = agentContainer({ ...common, ...collect, role: 'salvage', squash: true });
  expect(salvage.command).toEqual(['sh', '/forge/bin/collect.sh', sha, sha, 'squash']);
  expect(salvage.name).toBe('forge-0123456789-2-salvage');
  expect(mounts(salvage).filter((mount) => mount.includes(':/forge/run:'))).toEqual([]);
  const verify = agentContainer({ ...common, role: 'verify' });
  expect(verify.name).toBe('forge-0123456789-2-verify');
  expect(verify.mounts.map(({ target }) => target)).toEqual([
    '/workspace',
    '/workspace/.git',
    '/forge/git',
    '/forge/objects',
  ]);
});
