import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { EventLog } from '../../src/events/event-log.ts';
import { GitHub } from '../../src/github/client.ts';
import { TaskQueue } from '../../src/queue/task-queue.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { parseRepoName } from '../../src/task/ids.ts';
import type { TriggerParts } from '../../src/trigger/parts.ts';
import { LabelledRepositories } from './labelled-repositories.ts';
import { scriptedServer } from './scripted-server.ts';

export const APP = parseRepoName('acme/app');

const ROLES = { wanda: 'write', mark: 'maintain', tina: 'triage', stan: 'read' };

/** The trigger's surroundings: a GitHub over HTTP, a queue on the disk, and a clock that only moves when told to. */
export async function triggerWorld() {
  let now = Date.parse('2026-03-01T12:00:00Z');
  const clock = { now: () => now };
  const logger = pino({ enabled: false });
  const hub = new LabelledRepositories(ROLES, clock.now);
  const server = await scriptedServer(hub.script);
  const directory = mkdtempSync(join(tmpdir(), 'forge-trigger-'));
  const database = openDatabase(join(directory, 'forge.db'));
  const queue = new TaskQueue(database, clock, new EventLog(database, clock));
  const gitHub = (token: string) => new GitHub({ apiUrl: server.url, token: () => token, clock, logger });
  const parts: TriggerParts = {
    config: { repos: [APP], label: 'forge', pollSeconds: 0.02, agent: 'claude' },
    github: gitHub('token'),
    queue,
    clock,
    logger,
    signal: new AbortController().signal,
  };
  return {
    hub,
    queue,
    parts,
    gitHub,
    requests: server.requests,
    now: clock.now,
    wait: (ms: number) => {
      now += ms;
    },
    /** Opens an issue and labels it, long enough ago for its second to be over. */
    labelled: (number: number, by: string | null, label = 'forge') => {
      hub.open(APP, number);
      hub.label(APP, number, label, by);
      now += 60_000;
    },
    async [Symbol.asyncDispose]() {
      database.close();
      rmSync(directory, { recursive: true });
      await server[Symbol.asyncDispose]();
    },
  };
}
