import type { Config, Secrets } from './config.ts';
import { type Place, type Reading, readSettings, type SettingRow } from './read-settings.ts';
import { SETTINGS, type SettingKey, type SettingValues } from './settings.ts';
import { settingsError } from './settings-error.ts';

/** `all`: what the daemon needs must be there. `local`: only what is there must be right. */
export type Requirement = 'all' | 'local';

export interface LoadedConfig {
  config: Config;
  secrets: Secrets;
  /** Where each setting came from: `environment`, a file, `default`, or `not set`. */
  sources: ReadonlyMap<string, string>;
  /** Every setting with the value in force; secrets are only `set` or `not set`. */
  listing(): readonly SettingRow[];
}

/** Reads and checks every setting. Throws one `settings` error that names all faults (`data.faults`), never a secret. */
export function loadConfig(place: Place & { require?: Requirement }): LoadedConfig {
  const reading = readSettings(place);
  const faults = [...reading.faults, ...(place.require === 'local' ? [] : missing(reading))];
  if (faults.length > 0) throw settingsError(faults);
  const values = reading.values as SettingValues; // complete, because there are no faults
  return {
    config: Object.freeze(configOf(values)),
    secrets: Object.freeze(secretsOf(values)),
    sources: new Map(reading.rows.map(({ key, source }) => [key, source])),
    listing: () => reading.rows,
  };
}

/** A setting whose value has a fault is `undefined` here and reported already; only null is missing. */
function missing({ values }: Reading): string[] {
  const faults: string[] = [];
  const need = (key: SettingKey, right: string) => {
    faults.push(`${key} (not set): ${right}`);
  };
  if (values.GITHUB_TOKEN === null) need('GITHUB_TOKEN', SETTINGS.GITHUB_TOKEN.description);
  if (values.FORGE_REPOS === null) need('FORGE_REPOS', SETTINGS.FORGE_REPOS.description);
  if (values.FORGE_AGENT === 'command' && values.FORGE_AGENT_COMMAND === null) {
    need('FORGE_AGENT_COMMAND', 'the shell command to run, because FORGE_AGENT is command');
  }
  const noClaude = values.ANTHROPIC_API_KEY === null && values.CLAUDE_CODE_OAUTH_TOKEN === null;
  if (values.FORGE_AGENT === 'claude' && noClaude) {
    need('ANTHROPIC_API_KEY', 'this or CLAUDE_CODE_OAUTH_TOKEN, because FORGE_AGENT is claude');
  }
  return faults;
}

function configOf(values: SettingValues): Config {
  return {
    home: values.FORGE_HOME,
    githubApiUrl: values.GITHUB_API_URL,
    repos: values.FORGE_REPOS ?? [],
    label: values.FORGE_LABEL,
    pollSeconds: values.FORGE_POLL_SECONDS,
    maxConcurrent: values.FORGE_MAX_CONCURRENT,
    maxPerRepo: values.FORGE_MAX_PER_REPO ?? values.FORGE_MAX_CONCURRENT,
    agent: values.FORGE_AGENT,
    agentCommand: values.FORGE_AGENT_COMMAND,
    model: values.FORGE_MODEL,
    agentImage: values.FORGE_AGENT_IMAGE,
    baseImage: values.FORGE_BASE_IMAGE,
    attemptMinutes: values.FORGE_ATTEMPT_MINUTES,
    stallMinutes: values.FORGE_STALL_MINUTES,
    maxAttempts: values.FORGE_MAX_ATTEMPTS,
    cpus: values.FORGE_CPUS,
    memoryBytes: values.FORGE_MEMORY,
    pids: values.FORGE_PIDS,
    anthropicBaseUrl: values.ANTHROPIC_BASE_URL,
    dockerHost: values.DOCKER_HOST,
    logLevel: values.FORGE_LOG_LEVEL,
  };
}

function secretsOf(values: SettingValues): Secrets {
  return {
    githubToken: values.GITHUB_TOKEN,
    anthropicApiKey: values.ANTHROPIC_API_KEY,
    claudeCodeOauthToken: values.CLAUDE_CODE_OAUTH_TOKEN,
  };
}
