import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { ForgeError } from '../errors.ts';
import type { AgentName } from '../task/task.ts';
import { ensureBaseImage } from './base-image.ts';
import { buildContext } from './build-context.ts';
import type { ContainerEngine, OnProgress } from './engine.ts';
import { packagePath } from './package-path.ts';
import { fetchPackage } from './packages.ts';
import { CLAUDE, NODE, type PinnedPackage } from './versions.ts';

export interface AgentImageRequest {
  engine: ContainerEngine;
  config: Pick<Config, 'agentImage' | 'baseImage'>;
  agent: AgentName;
  /** `FORGE_HOME`. */
  home: string;
  onProgress: OnProgress;
}

/** `command -v` has a code of the shell's own choice for what it does not find. */
const PROBE = 'n=0; command -v node >/dev/null || n=1; command -v git >/dev/null || n=$((n + 2)); exit $n';
const building = new Map<string, Promise<string>>();

/**
 * The image for an agent's containers: the operator's as it is, or one built from `Dockerfile.agent`. A built one is
 * tagged by what went into it and reused until that changes; callers at the same time wait for the same build.
 */
export async function ensureAgentImage(request: AgentImageRequest): Promise<string> {
  const { engine, config, agent, onProgress } = request;
  if (config.agentImage !== null) {
    if ((await engine.imageId(config.agentImage)) === null) await engine.pull(config.agentImage, onProgress);
    return config.agentImage;
  }
  const cli = agentPackage(agent);
  const base = await ensureBaseImage({ engine, config, onProgress });
  const dockerfile = await readFile(packagePath('Dockerfile.agent'));
  const tag = imageTag(agent, [dockerfile, cli, NODE, await engine.imageId(base)]);
  const build = building.get(tag) ?? buildOnce(request, { base, cli, dockerfile, tag });
  building.set(tag, build);
  return build.finally(() => building.delete(tag));
}

interface Recipe {
  base: string;
  cli: PinnedPackage | null;
  dockerfile: Buffer;
  tag: string;
}

async function buildOnce(
  request: AgentImageRequest,
  { base, cli, dockerfile, tag }: Recipe,
): Promise<string> {
  const { engine, agent, home, onProgress } = request;
  if ((await engine.imageId(tag)) !== null) return tag;
  const { architecture } = await engine.ping();
  const has = await probe(engine, base, home);
  const needed = [has.node ? null : NODE, cli].filter((pinned) => pinned !== null);
  const programs = await Promise.all(
    needed.map(async (pinned) => ({
      name: pinned.program,
      file: pinned.file,
      archive: await fetchPackage({ home, pinned, architecture, onProgress }),
    })),
  );
  onProgress(`Building ${tag} on ${base}`);
  await engine.build({
    context: buildContext(dockerfile, programs),
    tag,
    buildArgs: { BASE_IMAGE: base, AGENT: agent },
    labels: { 'forge.image': agent },
    network: has.git ? 'none' : 'default',
    onProgress,
  });
  return tag;
}

/** null: the agent is a command of the operator's and brings no program. */
function agentPackage(agent: AgentName): PinnedPackage | null {
  switch (agent) {
    case 'claude':
      return CLAUDE;
    case 'command':
      return null;
    case 'codex':
    case 'gemini':
    case 'opencode':
      throw new ForgeError(`forge has no image for the agent ${agent} yet`, {
        category: 'settings',
        service: 'docker',
        next: 'Use claude or command, or set FORGE_AGENT_IMAGE',
      });
  }
}

function imageTag(agent: AgentName, parts: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(Buffer.isBuffer(part) ? part : JSON.stringify(part)).update('\0');
  return `forge-agent-${agent}:${hash.digest('hex').slice(0, 12)}`;
}

/** What the base brings along, asked of a container of it. */
async function probe(
  engine: ContainerEngine,
  image: string,
  home: string,
): Promise<{ git: boolean; node: boolean }> {
  const id = await engine.create({
    name: `forge-probe-${randomUUID()}`,
    image,
    labels: { 'forge.home': home, 'forge.role': 'probe' },
    user: '1000:1000',
    env: {},
    command: ['sh', '-c', PROBE],
    workingDir: '/',
    mounts: [],
    limits: { cpus: 1, memoryBytes: 256 * 1024 ** 2, pids: 64 },
  });
  try {
    await engine.start(id);
    const { exitCode } = await engine.wait(id);
    return { git: (exitCode & 2) === 0, node: (exitCode & 1) === 0 };
  } finally {
    await engine.remove(id);
  }
}
