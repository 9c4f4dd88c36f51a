import { join } from 'node:path';
import { expandHome, homeFault } from './home.ts';
import {
  REFUSED_SETTINGS,
  SETTINGS,
  type SettingKey,
  type SettingValues,
  UNUSED_SETTINGS,
} from './settings.ts';
import { envFileSource, environmentSource, type Source, yamlFileSource } from './sources.ts';

/** Where settings are looked for. */
export interface Place {
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** One line of `forge config`: what is in force and where it came from. */
export interface SettingRow {
  key: string;
  /** As it was written; a secret is `set` or `not set`, anything else that has no value is null. */
  value: string | null;
  /** `environment`, a file, `default`, or `not set`. */
  source: string;
  note: string | null;
}

/** All that the sources say, right or wrong. */
export interface Reading {
  /** A key is missing where its value has a fault. */
  values: Partial<SettingValues>;
  rows: readonly SettingRow[];
  faults: readonly string[];
}

/**
 * Reads every setting. A key counts from the first source that has it: the environment, `.env` in the working
 * directory, `.env` in forge's home, `forge.yaml` in the working directory, `forge.yaml` in the home.
 */
export function readSettings(place: Place): Reading {
  const sources = readSources(place);
  const read = (Object.keys(SETTINGS) as SettingKey[]).map((key) => readSetting(key, sources, place.env));
  return {
    values: Object.fromEntries(read.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))),
    rows: [...read.map(({ row }) => row), ...unusedRows(sources)],
    faults: [
      ...sources.flatMap((source) => source.faults),
      ...read.flatMap(({ fault }) => fault ?? []),
      ...refusals(sources),
    ],
  };
}

function readSources({ env, cwd }: Place): Source[] {
  const environment = environmentSource(env);
  const envHere = envFileSource(join(cwd, '.env'));
  const yamlHere = yamlFileSource(join(cwd, 'forge.yaml'));
  const home = findHome([environment, envHere, yamlHere], env).text;
  if (homeFault(home) !== null || home === cwd) return [environment, envHere, yamlHere];
  return [
    environment,
    envHere,
    notMovingHome(envFileSource(join(home, '.env')), home, env),
    yamlHere,
    notMovingHome(yamlFileSource(join(home, 'forge.yaml')), home, env),
  ];
}

/** The home that these sources name, or the default; it is not checked. */
function findHome(sources: readonly Source[], env: NodeJS.ProcessEnv): Found {
  const found = find(sources, 'FORGE_HOME') ?? { text: SETTINGS.FORGE_HOME.default, source: 'default' };
  return { ...found, text: expandHome(found.text, env) };
}

/** A file inside the home is found too late to say where the home is; it may only agree. */
function notMovingHome(source: Source, home: string, env: NodeJS.ProcessEnv): Source {
  const { FORGE_HOME, ...values } = Object.fromEntries(source.values);
  if (FORGE_HOME === undefined || expandHome(FORGE_HOME, env) === home) return source;
  const fault = `FORGE_HOME=${FORGE_HOME} (from ${source.name}): not in this file, which lies in ${home} itself`;
  return { ...source, values: new Map(Object.entries(values)), faults: [...source.faults, fault] };
}

interface Found {
  text: string;
  source: string;
}

function find(sources: readonly Source[], key: string, alias?: string): Found | null {
  for (const { name, values } of sources) {
    const text = values.get(key) ?? (alias === undefined ? undefined : values.get(alias));
    if (text !== undefined) return { text, source: name };
  }
  return null;
}

function readSetting(key: SettingKey, sources: readonly Source[], env: NodeJS.ProcessEnv) {
  const setting = SETTINGS[key];
  const given = key === 'FORGE_HOME' ? findHome(sources, env) : find(sources, key, setting.alias);
  const text = given?.text ?? setting.default;
  const source = given?.source ?? (text === null ? 'not set' : 'default');
  const result = text === null ? { success: true as const, data: null } : setting.schema.safeParse(text);
  const value = setting.secret ? (text === null ? 'not set' : 'set') : text && withoutCredentials(text);
  const row = { key, value, source, note: text === null ? (setting.unset ?? null) : null };
  if (result.success) return { key, row, value: result.data };
  const right = [...new Set(result.error.issues.map((issue) => issue.message))].join('; ');
  return { key, row, fault: `${setting.secret ? key : `${key}=${value}`} (from ${source}): ${right}` };
}

/** An address may have been written with a password in it, which is a fault but still not for showing. */
function withoutCredentials(text: string): string {
  return text.replace(/(:\/\/)[^/\s]*@/g, '$1***@');
}

function unusedRows(sources: readonly Source[]): SettingRow[] {
  return UNUSED_SETTINGS.flatMap((key) => {
    const found = find(sources, key);
    return found === null
      ? []
      : { key, value: 'set', source: found.source, note: 'this version does not use it' };
  });
}

function refusals(sources: readonly Source[]): string[] {
  return REFUSED_SETTINGS.flatMap((key) => {
    const found = find(sources, key);
    return found === null
      ? []
      : `${key}=${found.text} (from ${found.source}): this version cannot hold a budget yet; remove it`;
  });
}
