import { Agent } from 'node:http';
import { release } from 'node:os';
import Docker from 'dockerode';
import { z } from 'zod';
import { ForgeError } from '../errors.ts';
import { createOptions } from './create-options.ts';
import { dockerError, statusOf } from './docker-error.ts';
import { execIn } from './docker-exec.ts';
import { type DockerAddress, dockerAddress } from './docker-host.ts';
import { buildImage, importTar, pullImage } from './docker-images.ts';
import { containerOutput } from './docker-output.ts';
import type {
  BuildRequest,
  ContainerEngine,
  ContainerExit,
  ContainerInfo,
  ContainerSpec,
  EngineFacts,
  ExecRequest,
  ExecResult,
  Frame,
  OnProgress,
} from './engine.ts';

/** Nothing that the engine answers at once may take longer. */
const CALL_TIMEOUT_MS = 60_000;
const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;

const engineInfo = z.object({
  ServerVersion: z.string(),
  SecurityOptions: z.array(z.string()).nullish(),
  KernelVersion: z.string(),
  Architecture: z.string(),
  NCPU: z.number(),
});
type EngineInfo = z.infer<typeof engineInfo>;

/** The engine at `DOCKER_HOST` (null: the local one). Nothing is sent yet: `ping` says whether it answers. */
export function connectDocker(dockerHost: string | null): ContainerEngine {
  return new DockerEngine(dockerAddress(dockerHost));
}

/** Docker, or Podman's compatible service, through dockerode. */
class DockerEngine implements ContainerEngine {
  readonly #address: DockerAddress;
  /** For calls that are answered at once. */
  readonly #quick: Docker;
  /** For those that last as long as a container or a build does. */
  readonly #slow: Docker;
  #known: EngineInfo | null = null;

  constructor(address: DockerAddress) {
    this.#address = address;
    this.#quick = client(address, CALL_TIMEOUT_MS);
    this.#slow = client(address, undefined);
  }

  ping(): Promise<EngineFacts> {
    return translated('ask the container engine for its version', async () => {
      const info = await this.#info();
      return {
        version: info.ServerVersion,
        rootless: (info.SecurityOptions ?? []).some((option) => option.startsWith('name=rootless')),
        sameKernel: this.#address.kind === 'socket' && info.KernelVersion === release(),
        architecture: architectureOf(info.Architecture),
      };
    });
  }

  create(spec: ContainerSpec): Promise<string> {
    return translated(`create container ${spec.name}`, async () => {
      const { NCPU } = await (this.#known ?? this.#info());
      const container = await this.#quick.createContainer(createOptions(spec, NCPU));
      return container.id;
    });
  }

  output(id: string, { signal }: { signal: AbortSignal }): Promise<AsyncIterable<Frame>> {
    return translated(`read the output of container ${short(id)}`, () =>
      containerOutput(this.#slow.getContainer(id), signal),
    );
  }

  start(id: string): Promise<void> {
    return translated(`start container ${short(id)}`, () =>
      unless([304], () => this.#slow.getContainer(id).start()),
    );
  }

  async pause(id: string): Promise<void> {
    await translated(`pause container ${short(id)}`, () => this.#quick.getContainer(id).pause());
  }

  async unpause(id: string): Promise<void> {
    await translated(`resume container ${short(id)}`, () => this.#quick.getContainer(id).unpause());
  }

  stop(id: string, { graceSeconds }: { graceSeconds: number }): Promise<void> {
    const deadline = AbortSignal.timeout(graceSeconds * 1000 + CALL_TIMEOUT_MS);
    return translated(`stop container ${short(id)}`, () =>
      unless([304], () => this.#slow.getContainer(id).stop({ t: graceSeconds, abortSignal: deadline })),
    );
  }

  kill(id: string): Promise<void> {
    return translated(`kill container ${short(id)}`, () =>
      unless([409], () => this.#quick.getContainer(id).kill()),
    );
  }

  remove(id: string): Promise<void> {
    return translated(`remove container ${short(id)}`, () =>
      unless([404, 409], () => this.#quick.getContainer(id).remove({ force: true, v: true })),
    );
  }

  wait(id: string, signal?: AbortSignal): Promise<ContainerExit> {
    return translated(`wait for container ${short(id)}`, async () => {
      const container = this.#slow.getContainer(id);
      await container.wait(signal === undefined ? {} : { abortSignal: signal });
      const { State } = await container.inspect();
      if (State.Status === 'created') throw neverStarted(id);
      return { exitCode: State.ExitCode, oomKilled: State.OOMKilled };
    });
  }

  exec(id: string, request: ExecRequest): Promise<ExecResult> {
    return translated(`run a command in container ${short(id)}`, () =>
      execIn(this.#slow.getContainer(id), request),
    );
  }

  inspect(id: string): Promise<ContainerInfo | null> {
    return translated(`inspect container ${short(id)}`, () =>
      nullIfAbsent(async () => {
        const { Id, Name, Config, State } = await this.#quick.getContainer(id).inspect();
        const state = stateOf(State.Status);
        return {
          id: Id,
          name: Name.replace(/^\//, ''),
          labels: Config.Labels,
          state,
          exitCode: state === 'exited' || state === 'dead' ? State.ExitCode : null,
        };
      }),
    );
  }

  async list(home: string): Promise<ContainerInfo[]> {
    const found = await translated('list containers', () =>
      this.#quick.listContainers({ all: true, filters: { label: [`forge.home=${home}`] } }),
    );
    const infos = await Promise.all(found.map(({ Id }) => this.inspect(Id)));
    return infos.filter((info) => info !== null);
  }

  imageId(ref: string): Promise<string | null> {
    return translated(`inspect image ${ref}`, () =>
      nullIfAbsent(async () => (await this.#quick.getImage(ref).inspect()).Id),
    );
  }

  pull(ref: string, onProgress: OnProgress): Promise<void> {
    return translated(`pull ${ref}`, () => pullImage(this.#slow, ref, onProgress));
  }

  build(request: BuildRequest): Promise<void> {
    return translated(`build ${request.tag}`, () => buildImage(this.#slow, request));
  }

  importImage(tar: NodeJS.ReadableStream, ref: string): Promise<void> {
    return translated(`import ${ref}`, () => importTar(this.#slow, tar, ref));
  }

  async #info(): Promise<EngineInfo> {
    this.#known = engineInfo.parse(await this.#quick.info());
    return this.#known;
  }
}

function client(address: DockerAddress, timeout: number | undefined): Docker {
  const where =
    address.kind === 'socket'
      ? { socketPath: address.path, host: undefined }
      : { host: address.host, port: address.port };
  // Each field is given, also as undefined, because docker-modem fills what is missing from the environment.
  const options = {
    ...where,
    protocol: 'http' as const,
    timeout,
    pathPrefix: '/',
    agent: new Agent({ keepAlive: true }),
  };
  return new Docker(options);
}

async function translated<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw dockerError(what, error);
  }
}

/** For answers that only say that there was nothing to do. */
async function unless(statuses: readonly number[], action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const status = statusOf(error);
    if (status === null || !statuses.includes(status)) throw error;
  }
}

async function nullIfAbsent<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

function stateOf(status: string): ContainerInfo['state'] {
  const state = STATES.find((known) => known === status);
  // Podman's other words ('configured', 'initialized') are steps before a start.
  return state ?? (status === 'stopped' ? 'exited' : 'created');
}

function architectureOf(name: string): EngineFacts['architecture'] {
  if (name === 'x86_64' || name === 'amd64') return 'x64';
  if (name === 'aarch64' || name === 'arm64') return 'arm64';
  throw new ForgeError(`the container engine runs on ${name}`, {
    category: 'settings',
    service: 'docker',
    next: 'Use an engine on x86-64 or arm64: the agents are published for these',
  });
}

function neverStarted(id: string): ForgeError {
  return new ForgeError(`container ${short(id)} was never started`, {
    category: 'conflict',
    service: 'docker',
  });
}

function short(id: string): string {
  return id.slice(0, 12);
}
