import { join } from 'node:path';
import { type Denial, type Gateway, type ModelUsage, openGateway } from '../gateway/gateway.ts';
import type { Rooms } from '../rooms.ts';
import type { NewEvent } from '../task/event.ts';
import type { Attempt, Task } from '../task/task.ts';
import type { Workspace } from '../workspace/layout.ts';
import { readModelKey } from './prepare-container.ts';

/**
 * Serves an attempt's gateway at its socket, also again after a restart of forge: the container goes on with the key it
 * was given. What was spent and what was refused goes on record; `onTraffic` hears of every piece of an answer.
 */
export async function serveGateway(
  task: Task,
  attempt: Attempt,
  workspace: Workspace,
  rooms: Rooms,
  onTraffic: () => void,
): Promise<Gateway> {
  return openGateway({
    socketPath: join(workspace.run, 'gateway.sock'),
    dummyKey: await readModelKey(workspace),
    upstream: rooms.config.anthropicBaseUrl,
    credential: rooms.modelCredential,
    onUsage: guarded((usage) => recordUsage(task, attempt, usage, rooms), rooms),
    onDenied: guarded(
      (denied) => void rooms.events.append(task.id, attempt.number, deniedEvent(denied)),
      rooms,
    ),
    onTraffic,
  });
}

/** The gateway is in the middle of an answer when it tells us something: a full disk must not end the daemon there. */
function guarded<T>(tell: (what: T) => void, { logger }: Rooms): (what: T) => void {
  return (what) => {
    try {
      tell(what);
    } catch (error) {
      logger.error({ err: error }, 'what the gateway saw could not be put on record');
    }
  };
}

function recordUsage(task: Task, attempt: Attempt, usage: ModelUsage, { queue, events }: Rooms): void {
  // What the cache gave or took was read by the model as well, so it counts as input.
  const inputTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  queue.addUsage(task.id, attempt.number, { inputTokens, outputTokens: usage.outputTokens, usd: 0 });
  const text = `${usage.model}: ${inputTokens} tokens in, ${usage.outputTokens} out`;
  events.append(task.id, attempt.number, { type: 'usage', text, data: { ...usage } });
}

function deniedEvent(denied: Denial): NewEvent {
  const text = `${denied.method} ${denied.path}: ${denied.reason}`;
  return { type: 'gateway.denied', text, data: { ...denied } };
}
