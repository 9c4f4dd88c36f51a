import { z } from 'zod';
import { AGENT_NAMES } from '../task/task.ts';
import { DEFAULT_HOME, homeFault } from './home.ts';
import {
  dockerHost,
  fraction,
  httpUrl,
  image,
  label,
  memory,
  modelName,
  repositories,
  token,
  whole,
} from './values.ts';

export interface Setting<T, Default extends string | null> {
  description: string;
  /** As a person would write it; null: nothing, and then the value is null. */
  default: Default;
  /** What happens without it, where that is worth a word. */
  unset?: string;
  secret?: true;
  /** Another name it is known by; the first name wins within one source. */
  alias?: string;
  schema: z.ZodType<T, string>;
}

/** Every setting of forge, in the order in which a person reads them. Nothing else knows their defaults. */
export const SETTINGS = {
  FORGE_HOME: setting({
    description: 'Everything forge keeps: database, socket, lock, logs, mirrors, attempts',
    default: DEFAULT_HOME,
    schema: z.string().superRefine((home, context) => {
      const fault = homeFault(home);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    }),
  }),
  GITHUB_TOKEN: setting({
    description: 'A GitHub token that may read issues and write contents, issues and pull requests',
    default: null,
    unset: 'required',
    alias: 'GH_TOKEN',
    secret: true,
    schema: token,
  }),
  GITHUB_API_URL: setting({
    description: "GitHub's API; GitHub Enterprise Server: https://HOST/api/v3",
    default: 'https://api.github.com',
    schema: httpUrl('https://api.github.com'),
  }),
  FORGE_REPOS: setting({
    description: 'The repositories to watch: owner/name,owner/name',
    default: null,
    unset: 'required',
    schema: repositories,
  }),
  FORGE_LABEL: setting({
    description: 'The label that triggers; LABEL:AGENT and LABEL:high choose an agent and a priority',
    default: 'forge',
    schema: label,
  }),
  FORGE_POLL_SECONDS: setting({
    description: 'Seconds between two polls of a repository',
    default: '30',
    schema: fraction('seconds', { min: 1, max: 86_400 }),
  }),
  FORGE_MAX_CONCURRENT: setting({
    description: 'Tasks worked on at once',
    default: '3',
    schema: whole(1, 64),
  }),
  FORGE_MAX_PER_REPO: setting({
    description: 'Likewise, for one repository',
    default: null,
    unset: 'the same as FORGE_MAX_CONCURRENT',
    schema: whole(1, 64),
  }),
  FORGE_AGENT: setting({
    description: 'The agent: claude, or command',
    default: 'claude',
    schema: z
      .enum(AGENT_NAMES, 'claude or command')
      .refine(
        (name) => name === 'claude' || name === 'command',
        'not in this version; use claude or command',
      ),
  }),
  FORGE_AGENT_COMMAND: setting({
    description:
      'For the agent command: run with sh -c in /workspace; the prompt is in $FORGE_PROMPT_FILE and on stdin',
    default: null,
    unset: 'required when FORGE_AGENT is command',
    schema: z.string().max(100_000, 'a shell command of at most 100,000 characters'),
  }),
  FORGE_MODEL: setting({
    description: 'The model, passed to the agent',
    default: null,
    unset: "the agent's own choice",
    schema: modelName,
  }),
  FORGE_AGENT_IMAGE: setting({
    description: 'Use this image for agents as it is',
    default: null,
    unset: 'built from Dockerfile.agent',
    schema: image,
  }),
  FORGE_BASE_IMAGE: setting({
    description: 'What Dockerfile.agent builds on',
    default: null,
    unset: 'a Debian with Node 24',
    schema: image,
  }),
  FORGE_ATTEMPT_MINUTES: setting({
    description: 'Minutes that one attempt may take',
    default: '60',
    schema: fraction('minutes', { above: 0, max: 10_080 }),
  }),
  FORGE_STALL_MINUTES: setting({
    description: 'Minutes that an attempt may go on without progress',
    default: '10',
    schema: fraction('minutes', { above: 0, max: 10_080 }),
  }),
  FORGE_MAX_ATTEMPTS: setting({
    description: 'Failed attempts of one kind before a task fails',
    default: '3',
    schema: whole(1, 20),
  }),
  FORGE_CPUS: setting({
    description: 'CPUs of one container',
    default: '2',
    schema: fraction('CPUs', { min: 0.01, max: 1024 }),
  }),
  FORGE_MEMORY: setting({
    description: 'Memory of one container',
    default: '4g',
    schema: memory(64 * 1024 ** 2),
  }),
  FORGE_PIDS: setting({
    description: 'Processes and threads of one container',
    default: '512',
    schema: whole(32, 1_000_000),
  }),
  ANTHROPIC_API_KEY: setting({
    description: 'The key for Claude; stays on the host, the gateway adds it',
    default: null,
    unset: 'this or CLAUDE_CODE_OAUTH_TOKEN is required when FORGE_AGENT is claude',
    secret: true,
    schema: token,
  }),
  CLAUDE_CODE_OAUTH_TOKEN: setting({
    description: 'A token from claude setup-token, instead of a key',
    default: null,
    secret: true,
    schema: token,
  }),
  ANTHROPIC_BASE_URL: setting({
    description: 'Where the gateway forwards calls to Claude; private addresses are allowed',
    default: 'https://api.anthropic.com',
    schema: httpUrl('https://api.anthropic.com'),
  }),
  DOCKER_HOST: setting({
    description: "Docker's socket, or Podman's compatible one",
    default: null,
    unset: 'the local socket',
    schema: dockerHost,
  }),
  FORGE_LOG_LEVEL: setting({
    description: 'trace, debug, info, warn, error, fatal or silent',
    default: 'info',
    schema: z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'trace, debug, info, warn, error, fatal or silent',
    ),
  }),
};

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S> = S extends Setting<infer T, infer Default> ? (Default extends string ? T : T | null) : never;

/** What each setting came to; null where it has neither a value nor a default. */
export type SettingValues = { [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

/** Those that a `forge.yaml` may write as a list. */
export const LIST_SETTINGS: readonly string[] = ['FORGE_REPOS', 'FORGE_ALLOW_HOSTS'];

/** Names that stand in the documentation but change nothing yet; harmless to leave out, so they are only noted. */
export const UNUSED_SETTINGS: readonly string[] = [
  'FORGE_ALLOW_HOSTS',
  'GITHUB_APP_ID',
  'GITHUB_APP_PRIVATE_KEY',
  'GITHUB_APP_PRIVATE_KEY_FILE',
  'GITHUB_APP_INSTALLATION_ID',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'GEMINI_API_KEY',
  'GEMINI_BASE_URL',
];

/** Names that are refused, because to pass over them in silence would cost somebody money. */
export const REFUSED_SETTINGS: readonly string[] = ['FORGE_BUDGET_USD', 'FORGE_DAILY_BUDGET_USD'];

function setting<T, Default extends string | null>(row: Setting<T, Default>): Setting<T, Default> {
  return row;
}

/** The variables that hold credentials, under every name they go by; also those that this version does not use. */
export const SECRET_KEYS: readonly string[] = [
  ...Object.entries<Setting<unknown, string | null>>(SETTINGS).flatMap(([key, { secret, alias }]) =>
    secret ? [key, ...(alias === undefined ? [] : [alias])] : [],
  ),
  'GITHUB_APP_PRIVATE_KEY',
  'OPENAI_API_KEY',
  'GEMINI_API_KEY',
];
