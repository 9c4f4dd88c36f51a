import type { Logger } from 'pino';
import { agentAdapter } from '../agent/index.ts';
import { systemClock } from '../clock.ts';
import type { Config, Secrets } from '../config/config.ts';
import { installAgentFiles } from '../container/agent-files.ts';
import { ensureAgentImage } from '../container/agent-image.ts';
import { connectDocker } from '../container/docker-engine.ts';
import { EventLog } from '../events/event-log.ts';
import type { ModelCredential } from '../gateway/gateway.ts';
import { GitHub } from '../github/client.ts';
import { Outbox } from '../queue/outbox.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import type { Rooms } from '../rooms.ts';
import type { Database } from '../store/open-database.ts';
import { Workspaces } from '../workspace/workspaces.ts';

/** Constructs every adapter, once. Nothing here asks the network or the engine for anything. */
export async function composeRooms(
  config: Config,
  secrets: Secrets,
  db: Database,
  logger: Logger,
): Promise<Rooms> {
  const clock = systemClock;
  const events = new EventLog(db, clock);
  const engine = connectDocker(config.dockerHost);
  const user = containerUser();
  return {
    config,
    clock,
    logger,
    engine,
    events,
    queue: new TaskQueue(db, clock, events),
    outbox: new Outbox(db, clock),
    github: new GitHub({
      apiUrl: config.githubApiUrl,
      token: () => secrets.githubToken ?? '',
      clock,
      logger,
    }),
    workspaces: new Workspaces({
      home: config.home,
      token: () => secrets.githubToken,
      containerUser: user,
      logger,
    }),
    containerUser: user,
    agentFiles: await installAgentFiles(config.home),
    modelCredential: modelCredential(secrets),
    agentAdapter,
    agentImage: (agent) =>
      ensureAgentImage({
        engine,
        config,
        agent,
        home: config.home,
        onProgress: (text) => logger.info({ agent }, text),
      }),
  };
}

/** Never root: a daemon that is root gives its containers an account of their own, any other one its own. */
function containerUser(): { uid: number; gid: number } {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return uid === 0 ? { uid: 1000, gid: 1000 } : { uid, gid };
}

function modelCredential(secrets: Secrets): ModelCredential | null {
  const { anthropicApiKey, claudeCodeOauthToken } = secrets;
  if (anthropicApiKey !== null) return { kind: 'api_key', value: () => anthropicApiKey };
  if (claudeCodeOauthToken !== null) return { kind: 'oauth', value: () => claudeCodeOauthToken };
  return null;
}
