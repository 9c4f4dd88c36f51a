import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAgentImage } from '../../src/container/agent-image.ts';
import { ensureEngine } from '../../src/container/ensure-engine.ts';
import { messageOf } from '../../src/errors.ts';

/**
 * Once before the tests that need a container engine: an engine that answers, and the images of both agents, so that no
 * test waits for a build. What cannot be had is told to `engine-required.ts`, which skips those tests with the reason.
 */
export async function setup(): Promise<void> {
  const note = (text: string) => void process.stderr.write(`${text}\n`);
  try {
    const engine = await ensureEngine({ dockerHost: process.env.DOCKER_HOST ?? null, onProgress: note });
    const config = { agentImage: null, baseImage: process.env.FORGE_BASE_IMAGE ?? null };
    const request = { engine, config, home: join(tmpdir(), 'forge-test-packages'), onProgress: note };
    process.env.FORGE_TEST_IMAGE = await ensureAgentImage({ ...request, agent: 'command' });
    await ensureAgentImage({ ...request, agent: 'claude' });
  } catch (error) {
    process.env.FORGE_TEST_NO_ENGINE = messageOf(error);
    note(`tests that need a container engine are skipped: ${messageOf(error)}`);
  }
}
