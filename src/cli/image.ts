import type { Command } from 'commander';
import { here } from './here.ts';
import { note, print } from './output.ts';

export function addImage(program: Command): void {
  const image = program.command('image').description('the image that agents run in');
  image.command('build').description('build it now, instead of before the first attempt').action(build);
}

async function build(): Promise<void> {
  const [{ loadConfig }, { connectDocker }, { ensureAgentImage }] = await Promise.all([
    import('../config/load-config.ts'),
    import('../container/docker-engine.ts'),
    import('../container/agent-image.ts'),
  ]);
  const { config } = loadConfig({ ...here(), require: 'local' });
  const engine = connectDocker(config.dockerHost);
  await engine.ping();
  print(await ensureAgentImage({ engine, config, agent: config.agent, home: config.home, onProgress: note }));
}
