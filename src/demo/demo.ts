import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closing } from '../closing.ts';
import { loadConfig } from '../config/load-config.ts';
import { ensureAgentImage } from '../container/agent-image.ts';
import { ensureEngine } from '../container/ensure-engine.ts';
import { startDaemon } from './daemon-process.ts';
import { followTask } from './follow-task.ts';
import { startGitHub } from './github-server.ts';
import { report } from './report.ts';
import { SAMPLE_FILES, SAMPLE_ISSUE } from './sample-repository.ts';
import { SCRIPTED_AGENT } from './scripted-agent.ts';

export interface DemoOptions {
  write(text: string): unknown;
  /** Aborts when the person has seen enough; everything is taken down all the same. */
  signal: AbortSignal;
}

/**
 * The whole way once on this machine alone: a GitHub on 127.0.0.1 with a sample repository and a labelled issue, and
 * the real daemon with a scripted agent in a real container. Answers the exit code: 0 only if the pull request is there
 * and its verification is green.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const closing = new Closing();
  try {
    return await play(options, closing);
  } finally {
    await closing.close();
  }
}

async function play({ write, signal }: DemoOptions, closing: Closing): Promise<number> {
  const step = (text: string) => write(`• ${text}\n`);

  const dockerHost = process.env.DOCKER_HOST ?? null;
  const engine = await ensureEngine({ dockerHost, onProgress: step });
  const folder = await mkdtemp(join(tmpdir(), 'forge-demo-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const github = await startGitHub({ users: ['ada', 'forge-bot'] });
  closing.defer(() => github.close());
  const repo = await github.addRepository({
    owner: 'ada',
    name: 'averages',
    private: false,
    defaultBranch: 'main',
    files: SAMPLE_FILES,
    collaborators: { 'forge-bot': 'write' },
  });
  step(`a GitHub of its own is at ${github.url}, with the repository ${repo}`);

  const env = {
    PATH: process.env.PATH,
    ...(process.env.FORGE_BASE_IMAGE ? { FORGE_BASE_IMAGE: process.env.FORGE_BASE_IMAGE } : {}),
    ...(dockerHost === null ? {} : { DOCKER_HOST: dockerHost }),
    FORGE_HOME: join(folder, 'home'),
    GITHUB_API_URL: github.apiUrl,
    GITHUB_TOKEN: github.account('forge-bot').token,
    FORGE_REPOS: repo,
    FORGE_POLL_SECONDS: '1',
    FORGE_AGENT: 'command',
    FORGE_AGENT_COMMAND: SCRIPTED_AGENT,
  };
  const { config } = loadConfig({ env, cwd: folder });
  await ensureAgentImage({ engine, config, agent: 'command', home: config.home, onProgress: step });

  const daemon = await startDaemon(env, folder);
  closing.defer(() => daemon.stop());
  step(`forge is running (pid ${daemon.pid})`);
  const issue = github.openIssue({ repo, author: 'ada', ...SAMPLE_ISSUE });
  github.label(repo, issue, config.label, 'ada');
  step(`ada opened issue #${issue}, "${SAMPLE_ISSUE.title}", and put the label '${config.label}' on it`);

  const followed = await followTask(config.home, write, signal);
  return report({ github, repo, followed, write });
}
