import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ForgeError } from '../errors.ts';
import { findHome } from './find-home.ts';
import { loadConfig } from './load-config.ts';

let root: string;
let cwd: string;
let home: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'forge-config-'));
  cwd = join(root, 'here');
  home = join(root, 'home');
  mkdirSync(cwd);
  mkdirSync(home);
});
afterEach(() => rmSync(root, { recursive: true }));

const COMPLETE = { GITHUB_TOKEN: 'ghp_secret', FORGE_REPOS: 'acme/app', ANTHROPIC_API_KEY: 'sk-secret' };

function load(env: NodeJS.ProcessEnv = {}) {
  return loadConfig({ env: { FORGE_HOME: home, ...COMPLETE, ...env }, cwd });
}

function faultsOf(action: () => unknown): readonly string[] {
  return errorOf(action).data.faults as string[];
}

function errorOf(action: () => unknown): ForgeError {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ForgeError', category: 'settings' });
    return error as ForgeError;
  }
  throw new Error('no fault was found');
}

describe('values', () => {
  test('what is not set has its default', () => {
    expect(load().config).toEqual({
      home,
      githubApiUrl: 'https://api.github.com',
      repos: ['acme/app'],
      label: 'forge',
      pollSeconds: 30,
      maxConcurrent: 3,
      maxPerRepo: 3,
      agent: 'claude',
      agentCommand: null,
      model: null,
      agentImage: null,
      baseImage: null,
      attemptMinutes: 60,
      stallMinutes: 10,
      maxAttempts: 3,
      cpus: 2,
      memoryBytes: 4 * 1024 ** 3,
      pids: 512,
      anthropicBaseUrl: 'https://api.anthropic.com',
      dockerHost: null,
      logLevel: 'info',
    });
  });

  test('the cap of one repository follows the cap of all', () => {
    expect(load({ FORGE_MAX_CONCURRENT: '7' }).config.maxPerRepo).toBe(7);
    expect(load({ FORGE_MAX_CONCURRENT: '7', FORGE_MAX_PER_REPO: '2' }).config.maxPerRepo).toBe(2);
  });

  test('secrets are apart from the configuration, and GH_TOKEN stands in for GITHUB_TOKEN', () => {
    const { config, secrets } = load({ GITHUB_TOKEN: '', GH_TOKEN: 'gho_other' });
    expect(secrets).toEqual({
      githubToken: 'gho_other',
      anthropicApiKey: 'sk-secret',
      claudeCodeOauthToken: null,
    });
    expect(JSON.stringify(config)).not.toMatch(/gho_other|sk-secret/);
  });

  test.each([
    ['FORGE_REPOS', 'acme/app, Acme/App\nacme/lib', 'repos', ['acme/app', 'acme/lib']],
    ['FORGE_POLL_SECONDS', '1.5', 'pollSeconds', 1.5],
    ['FORGE_ATTEMPT_MINUTES', '0.05', 'attemptMinutes', 0.05],
    ['FORGE_MEMORY', '512m', 'memoryBytes', 512 * 1024 ** 2],
    ['FORGE_MEMORY', '1.5G', 'memoryBytes', 1.5 * 1024 ** 3],
    ['FORGE_MEMORY', '67108864', 'memoryBytes', 64 * 1024 ** 2],
    ['GITHUB_API_URL', 'http://127.0.0.1:8080/api/v3/', 'githubApiUrl', 'http://127.0.0.1:8080/api/v3'],
    ['FORGE_MODEL', 'claude-sonnet-4-5[1m]', 'model', 'claude-sonnet-4-5[1m]'],
    ['DOCKER_HOST', 'unix:///run/podman.sock', 'dockerHost', 'unix:///run/podman.sock'],
  ])('%s=%s', (key, text, field, value) => {
    expect(load({ [key]: text }).config).toHaveProperty(field, value);
  });

  test('a home may be written with ~ and with a slash at its end', async () => {
    const place = { env: { HOME: root, ...COMPLETE, FORGE_HOME: '~/home/' }, cwd };
    expect(loadConfig(place).config.home).toBe(home);
    expect(await findHome(place)).toBe(home);
  });

  test('the home is ~/.forge where nothing names it', async () => {
    const place = { env: { HOME: root, ...COMPLETE }, cwd };
    expect(loadConfig(place).config.home).toBe(join(root, '.forge'));
    expect(await findHome(place)).toBe(join(root, '.forge'));
  });
});

describe('sources', () => {
  test('the first that has a key wins, an empty value is none, and the source is known', () => {
    const env: NodeJS.ProcessEnv = { FORGE_LABEL: 'from-env', FORGE_MODEL: '' };
    writeFileSync(join(cwd, '.env'), 'FORGE_LABEL=x\nFORGE_MODEL="env-here"\nFORGE_CPUS=\n');
    writeFileSync(join(home, '.env'), 'FORGE_LABEL=x\nFORGE_MODEL=x\nFORGE_CPUS=3\n');
    writeFileSync(join(cwd, 'forge.yaml'), 'label: x\nmodel: x\ncpus: 9\npids: 100\n');
    writeFileSync(join(home, 'forge.yaml'), 'label: x\nmodel: x\ncpus: 9\npids: 200\nmax_attempts: 5\n');
    const { config, sources } = load(env);
    expect(config).toMatchObject({
      label: 'from-env',
      model: 'env-here',
      cpus: 3,
      pids: 100,
      maxAttempts: 5,
    });
    expect(Object.fromEntries(sources)).toMatchObject({
      FORGE_LABEL: 'environment',
      FORGE_MODEL: join(cwd, '.env'),
      FORGE_CPUS: join(home, '.env'),
      FORGE_PIDS: join(cwd, 'forge.yaml'),
      FORGE_MAX_ATTEMPTS: join(home, 'forge.yaml'),
      FORGE_MEMORY: 'default',
      FORGE_AGENT_IMAGE: 'not set',
    });
  });

  test('forge.yaml takes both kinds of names, lists, and scalars as they were written', () => {
    const yaml = 'repos: [acme/app, acme/lib]\nFORGE_MODEL: 1e3\nmax_concurrent: 2\nbase_image: ~\n';
    writeFileSync(join(cwd, 'forge.yaml'), yaml);
    const { config } = load({ FORGE_REPOS: undefined });
    expect(config).toMatchObject({
      repos: ['acme/app', 'acme/lib'],
      model: '1e3',
      maxConcurrent: 2,
      baseImage: null,
    });
  });

  test('the home may be named by a file of the working directory, but not moved by one of its own', async () => {
    writeFileSync(join(cwd, 'forge.yaml'), `home: ${home}\n`);
    expect(await findHome({ env: {}, cwd })).toBe(home);
    writeFileSync(join(home, '.env'), `FORGE_HOME=${home}/\n`);
    expect(loadConfig({ env: COMPLETE, cwd }).config.home).toBe(home);
    writeFileSync(join(home, '.env'), 'FORGE_HOME=/elsewhere\n');
    expect(faultsOf(() => loadConfig({ env: COMPLETE, cwd }))).toEqual([
      `FORGE_HOME=/elsewhere (from ${join(home, '.env')}): not in this file, which lies in ${home} itself`,
    ]);
  });
});

describe('faults', () => {
  test('all are found at once, from every source, each with its key, value, source and what would be right', () => {
    writeFileSync(join(cwd, '.env'), 'FORGE_LABLE=x\nFORGE_CPUS=none\n');
    writeFileSync(join(cwd, 'forge.yaml'), 'max_concurent: 2\npids: [1, 2]\nFORGE_MODEL: a\nmodel: b\n');
    const env = { FORGE_REPOS: 'acme, acme/*', FORGE_POLL_SECONDS: '0.5', FORGE_AGENT: 'codex' };
    const faults = faultsOf(() => load({ ...env, ANTHROPIC_API_KEY: undefined }));
    expect(faults).toEqual([
      `FORGE_LABLE is not a setting of forge; did you mean FORGE_LABEL? (in ${cwd}/.env)`,
      `pids must be one value (in ${cwd}/forge.yaml)`,
      `FORGE_MODEL stands there twice (in ${cwd}/forge.yaml)`,
      `max_concurent is not a setting of forge; did you mean FORGE_MAX_CONCURRENT? (in ${cwd}/forge.yaml)`,
      "FORGE_REPOS=acme, acme/* (from environment): 'acme' is not a repository (owner/name); " +
        "'acme/*' is not in this version; name each repository as owner/name",
      'FORGE_POLL_SECONDS=0.5 (from environment): a number of seconds, at least 1 and at most 86400',
      'FORGE_AGENT=codex (from environment): not in this version; use claude or command',
      `FORGE_CPUS=none (from ${cwd}/.env): a number of CPUs, at least 0.01 and at most 1024`,
    ]);
  });

  test('another program’s variables in a .env are none of forge’s business', () => {
    writeFileSync(join(cwd, '.env'), 'DATABASE_URL=postgres://localhost/app\nFORGE_LABEL=robot\n');
    expect(load({}).config.label).toBe('robot');
  });

  test('what the daemon needs must be there, unless only local things are asked for', () => {
    const place = { env: { FORGE_HOME: home }, cwd };
    expect(faultsOf(() => loadConfig(place)).map((fault) => fault.split(':')[0])).toEqual([
      'GITHUB_TOKEN (not set)',
      'FORGE_REPOS (not set)',
      'ANTHROPIC_API_KEY (not set)',
    ]);
    expect(loadConfig({ ...place, require: 'local' }).config.repos).toEqual([]);
  });

  test('each agent needs its own', () => {
    const [fault] = faultsOf(() => load({ FORGE_AGENT: 'command' }));
    expect(fault).toMatch(/^FORGE_AGENT_COMMAND \(not set\)/);
    const command = { FORGE_AGENT: 'command', FORGE_AGENT_COMMAND: 'make', ANTHROPIC_API_KEY: '' };
    expect(load(command).config.agentCommand).toBe('make');
    expect(load({ ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 't' }).config.agent).toBe('claude');
  });

  test('a budget is refused, because nothing would hold it', () => {
    expect(faultsOf(() => load({ FORGE_BUDGET_USD: '5' }))).toEqual([
      'FORGE_BUDGET_USD=5 (from environment): this version cannot hold a budget yet; remove it',
    ]);
  });

  test('what this version does not use is noted and no fault, and foreign variables are nothing', () => {
    writeFileSync(join(cwd, '.env'), 'OPENAI_API_KEY=sk-other\nFORGE_ALLOW_HOSTS=example.org\n');
    const rows = load({ FORGE_UNKNOWN: 'x', PATH: '/bin' }).listing();
    const noted = rows.filter(({ note }) => note === 'this version does not use it');
    expect(noted.map(({ key, value }) => [key, value])).toEqual([
      ['FORGE_ALLOW_HOSTS', 'set'],
      ['OPENAI_API_KEY', 'set'],
    ]);
    expect(rows.some(({ key }) => key === 'FORGE_UNKNOWN')).toBe(false);
  });

  test.each([
    ['FORGE_HOME', 'relative/path'],
    ['FORGE_HOME', `/${'x'.repeat(80)}`],
    ['FORGE_MEMORY', '63m'],
    ['FORGE_MEMORY', '4 gigabytes'],
    ['FORGE_MAX_CONCURRENT', '0'],
    ['FORGE_MAX_CONCURRENT', '1.5'],
    ['FORGE_PIDS', '0x200'],
    ['FORGE_STALL_MINUTES', '0'],
    ['FORGE_LABEL', 'a,b'],
    ['FORGE_MODEL', '--dangerous'],
    ['FORGE_AGENT', 'clippy'],
    ['FORGE_BASE_IMAGE', 'two words'],
    ['GITHUB_API_URL', 'ftp://example.org'],
    ['ANTHROPIC_BASE_URL', 'not a url'],
    ['DOCKER_HOST', 'ssh://host'],
    ['FORGE_LOG_LEVEL', 'loud'],
  ])('%s=%s is refused', (key, value) => {
    const [fault, ...more] = faultsOf(() => load({ [key]: value }));
    expect(fault).toContain(`${key}=${value} (from environment): `);
    expect(more).toEqual([]);
  });

  test('a home of exactly the longest length is good', () => {
    const longest = `/${'x'.repeat(107 - '/attempts/0123456789-999/run/gateway.sock'.length - 1)}`;
    expect(load({ FORGE_HOME: longest }).config.home).toBe(longest);
    const [fault] = faultsOf(() => load({ FORGE_HOME: `${longest}y` }));
    expect(fault).toContain('1 bytes shorter');
  });

  test('the home alone is found whatever else is wrong, and refused when it is wrong itself', async () => {
    const place = { env: { FORGE_CPUS: 'many', FORGE_HOME: 'relative' }, cwd };
    const refusal = { category: 'settings', data: { faults: [expect.stringContaining('an absolute path')] } };
    await expect(findHome(place)).rejects.toMatchObject(refusal);
    expect(await findHome({ ...place, env: { ...place.env, FORGE_HOME: home } })).toBe(home);
    writeFileSync(join(cwd, '.env'), 'FORGE_HOME=relative\n');
    await expect(findHome({ ...place, env: { FORGE_CPUS: 'many' } })).rejects.toMatchObject(refusal);
  });

  test('a file that cannot be read, or is not YAML, is a fault', () => {
    mkdirSync(join(cwd, '.env'));
    writeFileSync(join(cwd, 'forge.yaml'), 'label: x\n  token: [ghp_inside\n');
    const faults = faultsOf(() => load());
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain('EISDIR');
    expect(faults[1]).toMatch(/line \d is not valid YAML/);
    expect(faults[1]).not.toContain('ghp_inside');
  });
});

describe('secrets', () => {
  test('are shown neither by a listing nor by any fault', () => {
    const secrets = ['ghp with space', 'sk\u0007bell', 'tok en', 'p4ssword', 'ghp_misspelt'];
    writeFileSync(join(cwd, '.env'), 'GITHUB_TOKN=ghp_misspelt\n');
    const env = {
      FORGE_HOME: home,
      GITHUB_TOKEN: 'ghp with space',
      ANTHROPIC_API_KEY: 'sk\u0007bell',
      CLAUDE_CODE_OAUTH_TOKEN: 'tok en',
      GITHUB_API_URL: 'https://user:p4ssword@example.org',
      FORGE_REPOS: 'acme/app',
    };
    const error = errorOf(() => loadConfig({ env, cwd }));
    const shown = JSON.stringify(error) + error.message;
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(error.data.faults).toContain(
      'GITHUB_TOKEN (from environment): one word without spaces or line breaks',
    );
    rmSync(join(cwd, '.env'));
    const listing = JSON.stringify(load().listing());
    expect(listing).not.toMatch(/ghp_secret|sk-secret/);
    expect(listing).toContain('{"key":"GITHUB_TOKEN","value":"set","source":"environment","note":null}');
  });
});
