import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type MessagesServer, startMessagesServer } from './messages-server.ts';
import type { Turn } from './messages-turn.ts';
import { openWorld, type World } from './world.ts';

export interface ClaudeWorld {
  world: World;
  model: MessagesServer;
  /** The real key, which the operator gave forge and no container may see. */
  key: string;
}

/** A world whose agent is the real `claude` CLI, with a scripted model behind forge's gateway. */
export async function openClaudeWorld(
  wish: Omit<Parameters<typeof openWorld>[0] & object, 'env'> & {
    turns: readonly [Turn, ...Turn[]];
    env?: NodeJS.ProcessEnv;
    /** What the model server takes for a key; the one that forge has unless said. */
    acceptedKey?: string;
  },
): Promise<ClaudeWorld> {
  const { turns, env, acceptedKey, ...rest } = wish;
  const key = randomKey();
  const model = await startMessagesServer({ turns, apiKey: acceptedKey ?? key });
  onTestFinished(() => model.close());
  const world = await openWorld({ ...rest, env: { ...claudeSettings(model, key), ...env } });
  return { world, model, key };
}

export function randomKey(): string {
  return `sk-ant-api03-${randomBytes(24).toString('hex')}`;
}

/** For one attempt only, so that a failure is final at once. */
export function claudeSettings(model: Pick<MessagesServer, 'url'>, key: string): NodeJS.ProcessEnv {
  return {
    FORGE_AGENT: 'claude',
    FORGE_MAX_ATTEMPTS: '1',
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: key,
  };
}
