import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { messageOf } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { LIST_SETTINGS, REFUSED_SETTINGS, SETTINGS, UNUSED_SETTINGS } from './settings.ts';
import { readYamlSettings } from './yaml-settings.ts';

/** One place that settings come from. */
export interface Source {
  /** How a person would name it: `environment`, or the file. */
  name: string;
  /** By the variable's name; a key with an empty value is not there. */
  values: ReadonlyMap<string, string>;
  /** What is wrong with the source itself: unreadable, malformed, unknown keys. */
  faults: readonly string[];
}

const KNOWN_KEYS: readonly string[] = [
  ...Object.keys(SETTINGS),
  ...Object.values(SETTINGS).flatMap((setting) => setting.alias ?? []),
  ...REFUSED_SETTINGS,
  ...UNUSED_SETTINGS,
];

/** Variables that forge does not know are other programs' business. */
export function environmentSource(env: NodeJS.ProcessEnv): Source {
  const known = KNOWN_KEYS.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]] as const]));
  return { name: 'environment', values: withoutEmpty(known), faults: [] };
}

/**
 * A file that is not there is an empty source. A project's own `.env` may lie where forge is started, so only unknown
 * keys that begin like forge's are a fault.
 */
export function envFileSource(file: string): Source {
  return fileSource(file, (text) => ({
    entries: Object.entries(parseEnv(text))
      .map(([key, value]): [string, string] => [key, value ?? ''])
      .filter(([key]) => key.startsWith('FORGE_') || KNOWN_KEYS.includes(key)),
    faults: [],
  }));
}

/** A file that is not there is an empty source. Keys may be written as `FORGE_LABEL` or as `label`. */
export function yamlFileSource(file: string): Source {
  return fileSource(file, (text) => readYamlSettings(text, KNOWN_KEYS, LIST_SETTINGS));
}

type Parsed = { entries: [key: string, value: string][]; faults: string[] };

function fileSource(file: string, parse: (text: string) => Parsed): Source {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { name: file, values: new Map(), faults: absent ? [] : [`${file}: ${messageOf(error)}`] };
  }
  const { entries, faults } = parse(text);
  // The value of an unknown key is not shown: it may be a token under a misspelt name.
  const unknown = entries
    .filter(([key]) => !KNOWN_KEYS.includes(key))
    .map(([key]) => `${key} is not a setting of forge${didYouMean(key, KNOWN_KEYS)}`);
  return {
    name: file,
    values: withoutEmpty(entries.filter(([key]) => KNOWN_KEYS.includes(key))),
    faults: [...faults, ...unknown].map((fault) => `${fault} (in ${file})`),
  };
}

function withoutEmpty(entries: readonly (readonly [string, string])[]): Map<string, string> {
  return new Map(
    entries.map(([key, value]) => [key, value.trim()] as const).filter(([, value]) => value !== ''),
  );
}
