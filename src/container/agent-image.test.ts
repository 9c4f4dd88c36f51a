import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, describe, expect, it } from 'vitest';
import { TEST_IMAGE, TestEngine } from '../../test/support/containers.ts';
import { type AgentImageRequest, ensureAgentImage } from './agent-image.ts';
import { buildContext } from './build-context.ts';

const home = mkdtempSync(join(tmpdir(), 'forge-image-'));
const docker = new TestEngine();
const images = new Set<string>();
afterAll(async () => {
  await docker[Symbol.asyncDispose]();
  await Promise.all([...images].map((image) => new Docker().getImage(image).remove()));
  rmSync(home, { recursive: true });
}, 60_000);

describe('ensureAgentImage', { timeout: 120_000 }, () => {
  function request(overrides: Partial<AgentImageRequest> = {}): AgentImageRequest & { progress: string[] } {
    const progress: string[] = [];
    const config = { agentImage: null, baseImage: TEST_IMAGE };
    const onProgress = (text: string) => void progress.push(text);
    return { engine: docker.engine, config, agent: 'command', home, onProgress, progress, ...overrides };
  }

  it('builds once for all who ask, without a network, and never again', async () => {
    const first = request();
    const second = request();
    const [tag, same] = await Promise.all([ensureAgentImage(first), ensureAgentImage(second)]);
    images.add(tag);
    expect(tag).toMatch(/^forge-agent-command:[0-9a-f]{12}$/);
    expect(same).toBe(tag);
    const builds = [...first.progress, ...second.progress].filter((text) => text.startsWith('Building'));
    expect(builds).toHaveLength(1);
    const third = request();
    expect(await ensureAgentImage(third)).toBe(tag);
    expect(third.progress).toEqual([]);

    const script =
      'whoami; find / -xdev -type f -perm /6000; git --version; node --version; command -v claude';
    const { stdout } = await docker.run(['sh', '-c', script], { image: tag });
    expect(stdout).toMatch(/^agent\ngit version [^\n]+\nv\d+[^\n]+\n$/);
    const { Config } = await new Docker().getImage(tag).inspect();
    expect(Config.User).toBe('1000:1000');
  });

  it('takes the operator’s image as it is', async () => {
    const config = { agentImage: TEST_IMAGE, baseImage: null };
    expect(await ensureAgentImage(request({ config, agent: 'codex' }))).toBe(TEST_IMAGE);
  });

  it('says so when an image can be neither found nor pulled', async () => {
    const config = { agentImage: '127.0.0.1:9/forge-absent:1', baseImage: null };
    await expect(ensureAgentImage(request({ config }))).rejects.toMatchObject({
      service: 'docker',
      message: expect.stringMatching(/^cannot pull 127\.0\.0\.1:9\/forge-absent:1: /),
    });
  });

  it('has no image for agents of later versions', async () => {
    await expect(ensureAgentImage(request({ agent: 'gemini' }))).rejects.toMatchObject({
      category: 'settings',
    });
  });

  it('names the step that failed, and what it printed', async () => {
    const dockerfile = Buffer.from(`FROM ${TEST_IMAGE}\nRUN true\nRUN echo the reason && exit 3\n`);
    const building = docker.engine.build({
      context: buildContext(dockerfile, []),
      tag: 'forge-test-broken:1',
      buildArgs: {},
      labels: {},
      network: 'none',
      onProgress: () => {},
    });
    await expect(building).rejects.toMatchObject({
      category: 'invalid',
      message: expect.stringMatching(
        /in 'Step 3\/3 : RUN echo the reason && exit 3'.*returned a non-zero code: 3\n.*the reason/s,
      ),
    });
    expect(await docker.engine.imageId('forge-test-broken:1')).toBeNull();
  });
});
