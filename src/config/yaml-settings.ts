import { createRequire } from 'node:module';
import type { Node } from 'yaml';
import { shortName } from './did-you-mean.ts';

// Loaded where there is a `forge.yaml` and not before: it would be a good part of the time `forge status` takes.
const require = createRequire(import.meta.url);
const yaml = () => require('yaml') as typeof import('yaml');

type Entry = [key: string, value: string];

/**
 * Reads a `forge.yaml` as texts by variable name. A scalar counts as it was written (`1e3` and `0123` stay so), a
 * list, where the setting is one, becomes its items with commas between. Keys that are not in `known` come back as
 * they were written.
 */
export function readYamlSettings(
  text: string,
  known: readonly string[],
  lists: readonly string[],
): { entries: Entry[]; faults: string[] } {
  const { isMap, parseDocument } = yaml();
  // Without pretty errors: those quote the line, and a secret may stand in it.
  const document = parseDocument(text, { prettyErrors: false, merge: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const line = text.slice(0, problem.pos[0]).split('\n').length;
    return { entries: [], faults: [`line ${line} is not valid YAML: ${problem.code}`] };
  }
  if (document.contents === null) return { entries: [], faults: [] };
  if (!isMap<Node, Node | null>(document.contents)) {
    return { entries: [], faults: ['not a list of settings such as label: forge'] };
  }
  const read = document.contents.items.map(({ key, value }) =>
    readEntry(scalarText(key) ?? '', value, known, lists),
  );
  const faults = read.flatMap((entry) => ('fault' in entry ? [entry.fault] : []));
  const entries = read.flatMap((entry) => ('fault' in entry ? [] : [entry.entry]));
  const twice = entries.filter(([key], at) => entries.findIndex(([other]) => other === key) < at);
  return { entries, faults: [...faults, ...twice.map(([key]) => `${key} stands there twice`)] };
}

function readEntry(
  written: string,
  value: Node | null,
  known: readonly string[],
  lists: readonly string[],
): { entry: Entry } | { fault: string } {
  const key = known.find((name) => name === written || shortName(name) === written) ?? written;
  const isList = lists.includes(key);
  const text = isList && yaml().isSeq<Node>(value) ? listText(value.items) : scalarText(value);
  if (text !== null) return { entry: [key, text] };
  return { fault: `${written} must be ${isList ? 'one value or a list of values' : 'one value'}` };
}

function listText(items: readonly Node[]): string | null {
  const texts = items.map(scalarText);
  return texts.includes(null) ? null : texts.join(',');
}

function scalarText(node: Node | null): string | null {
  if (node === null) return '';
  if (!yaml().isScalar(node)) return null;
  if (node.value === null) return '';
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
