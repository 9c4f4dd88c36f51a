import { setTimeout as delay } from 'node:timers/promises';
import { isForgeError } from '../errors.ts';
import type { RepoName } from '../task/ids.ts';
import type { TriggerParts } from './parts.ts';
import { firstDelay, pollDelay } from './poll-delay.ts';
import { pollOnce, type SeenIssues } from './poll-once.ts';

/**
 * Polls every repository on its own timer until the signal is aborted, then resolves; it never rejects because of
 * one repository. What one of them costs in failures and waiting, the others do not notice.
 */
export async function watch(parts: TriggerParts): Promise<void> {
  await Promise.all(parts.config.repos.map((repo) => watchRepository(parts, repo)));
}

async function watchRepository(parts: TriggerParts, repo: RepoName): Promise<void> {
  const { config, clock, logger, signal } = parts;
  const periodMs = config.pollSeconds * 1000;
  const repositories = config.repos.length;
  const seen: SeenIssues = new Map();
  let failures = 0;

  await pause(firstDelay(periodMs, repositories, Math.random), signal);
  while (!signal.aborted) {
    let limitMs = 0;
    try {
      await pollOnce(parts, repo, seen);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      if (isForgeError(error) && error.retryAt !== undefined)
        limitMs = Math.max(0, error.retryAt - clock.now());
      logger.warn({ repo, err: error, failures }, 'repository could not be polled');
    }
    await pause(pollDelay({ periodMs, failures, limitMs, repositories, random: Math.random }), signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // The only rejection is the abort, and the caller looks at the signal next.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
