import type { Sha, TaskId } from '../task/ids.ts';
import { type ContainerRole, containerName } from '../task/names.ts';
import { HOME } from './create-options.ts';
import type { ContainerSpec, Limits, Mount } from './engine.ts';

const PROMPT_FILE = '/forge/run/prompt.txt';

/** Paths on the host, as `Workspaces.prepare` lays them out. */
export interface ContainerPaths {
  tree: string;
  gitDir: string;
  gitfile: string;
  objectsDir: string;
  out: string;
  run: string;
}

interface ContainerRequest {
  /** `FORGE_HOME`, the label by which forge knows its containers again. */
  home: string;
  taskId: TaskId;
  attempt: number;
  generation: number;
  image: string;
  user: { uid: number; gid: number };
  limits: Limits;
  paths: ContainerPaths;
  env: Readonly<Record<string, string>>;
}

/** `baseSha` and `startSha`: what forge has already, and the pack need not bring. */
interface CollectRequest {
  binDir: string;
  /** What a commit says that holds all of an agent's work; one line. */
  message: string;
  baseSha: Sha;
  startSha: Sha;
}

export type AgentContainerRequest = ContainerRequest &
  (
    | ({ role: 'agent'; command: readonly string[] } & CollectRequest)
    /** `squash`: as one commit on `startSha`, for a history that was refused. */
    | ({ role: 'salvage'; squash: boolean } & CollectRequest)
    | { role: 'verify' }
  );

/**
 * The container of a role. `agent` runs the command between set-up and collection; `salvage` only collects, over the
 * same workspace; `verify` does nothing by itself, its commands come by `exec`, and it gets no gateway and no way
 * to hand anything out.
 */
export function agentContainer(request: AgentContainerRequest): ContainerSpec {
  return {
    name: containerName(request.taskId, request.attempt, request.role),
    image: request.image,
    labels: labels(request, request.role),
    user: `${request.user.uid}:${request.user.gid}`,
    env: { ...COMMON_ENV, ...roleEnv(request), ...request.env },
    command: command(request),
    workingDir: '/workspace',
    mounts: mounts(request),
    limits: request.limits,
  };
}

/** No address that could be somebody's: commits are attributed by it. */
const COMMON_ENV = {
  HOME,
  GIT_AUTHOR_NAME: 'forge',
  GIT_AUTHOR_EMAIL: 'forge@forge.invalid',
  GIT_COMMITTER_NAME: 'forge',
  GIT_COMMITTER_EMAIL: 'forge@forge.invalid',
};

function labels(request: ContainerRequest, role: ContainerRole): Record<string, string> {
  return {
    'forge.home': request.home,
    'forge.task': request.taskId,
    'forge.attempt': String(request.attempt),
    'forge.generation': String(request.generation),
    'forge.role': role,
  };
}

function roleEnv(request: AgentContainerRequest): Record<string, string> {
  if (request.role === 'verify') return {};
  if (request.role === 'salvage') return { FORGE_COMMIT_MESSAGE: request.message };
  return {
    FORGE_COMMIT_MESSAGE: request.message,
    FORGE_PROMPT_FILE: PROMPT_FILE,
    FORGE_BASE_SHA: request.baseSha,
    FORGE_START_SHA: request.startSha,
  };
}

function command(request: AgentContainerRequest): string[] {
  switch (request.role) {
    case 'agent':
      return ['sh', '/forge/bin/entrypoint.sh', ...request.command];
    case 'salvage':
      return [
        'sh',
        '/forge/bin/collect.sh',
        request.baseSha,
        request.startSha,
        request.squash ? 'squash' : '',
      ];
    case 'verify':
      // Some 68 years: busybox's older `sleep` does not know `infinity`.
      return ['sleep', '2147483647'];
  }
}

function mounts(request: AgentContainerRequest): Mount[] {
  const { paths } = request;
  const shared = [
    readWrite(paths.tree, '/workspace'),
    readOnly(paths.gitfile, '/workspace/.git'),
    readWrite(paths.gitDir, '/forge/git'),
    readOnly(paths.objectsDir, '/forge/objects'),
  ];
  switch (request.role) {
    case 'agent':
      return [...shared, ...collectMounts(request), readOnly(paths.run, '/forge/run')];
    case 'salvage':
      return [...shared, ...collectMounts(request)];
    case 'verify':
      return shared;
  }
}

function collectMounts({ binDir, paths }: CollectRequest & ContainerRequest): Mount[] {
  return [readWrite(paths.out, '/forge/out'), readOnly(binDir, '/forge/bin')];
}

function readWrite(source: string, target: string): Mount {
  return { source, target, readOnly: false };
}

function readOnly(source: string, target: string): Mount {
  return { source, target, readOnly: true };
}
