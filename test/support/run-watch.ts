import { setTimeout as delay } from 'node:timers/promises';
import { engineContainers, inspectContainer } from './engine.ts';
import { eachProcess } from './process-look.ts';
import { eachFile } from './search-folder.ts';
import type { Hit, SecretSearch } from './secret-search.ts';

export interface Finding extends Hit {
  place: 'file' | 'object' | 'container' | 'argv' | 'environment' | 'github' | 'model';
  /** The path, the command line, the request. */
  where: string;
}

/** Processes such as git's live for some hundredths of a second. */
const PROCESSES_MS = 5;
const REST_MS = 50;

/** Collects where secrets turn up while forge works: in files, container configurations, and the machine's processes. */
export class RunWatch {
  /** The `forge.role` of each container that was seen. */
  readonly roles = new Set<string>();
  readonly #findings = new Map<string, Finding>();
  readonly #search: SecretSearch;
  readonly #inspected = new Set<string>();
  readonly #stop = new AbortController();
  readonly #looking: Promise<unknown>;

  constructor(search: SecretSearch, folder: string, home: string) {
    this.#search = search;
    this.#looking = Promise.all([
      this.#every(PROCESSES_MS, async () => this.#lookAtProcesses()),
      this.#every(REST_MS, () => this.#lookAtContainers(home)),
      this.#every(REST_MS, () => eachFile(folder, (path, bytes) => this.note('file', path, bytes))),
    ]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  /** Each one once, however often it was seen. */
  get findings(): Finding[] {
    return [...this.#findings.values()];
  }

  note(place: Finding['place'], where: string, bytes: Buffer | string): void {
    for (const hit of this.#search.find(bytes)) {
      this.#findings.set(JSON.stringify([hit, place, where]), { ...hit, place, where });
    }
  }

  async #every(ms: number, look: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await look();
      await delay(ms);
    }
  }

  #lookAtProcesses(): void {
    eachProcess(({ commandLine, environment }) => {
      this.note('argv', commandLine, commandLine);
      if (environment !== null) this.note('environment', commandLine, environment);
    });
  }

  async #lookAtContainers(home: string): Promise<void> {
    for (const { Id: id, Labels: labels } of await engineContainers(home)) {
      if (this.#inspected.has(id)) continue;
      const details = await inspectContainer(id).catch(() => null); // gone already
      if (details === null) continue;
      this.#inspected.add(id);
      this.roles.add(labels['forge.role'] ?? '');
      this.note('container', details.Name, JSON.stringify(details));
    }
  }
}
