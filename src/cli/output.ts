import { styleText } from 'node:util';
import { inertJson } from './inert.ts';

/** Standard output carries results and nothing else. The text must be inert already. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line; an array or object that a person may want to read goes through `jq`. */
export function printJson(value: unknown): void {
  print(inertJson(JSON.stringify(value)));
}

/** Standard error: what is going on, for whoever waits. */
export function note(line: string): void {
  process.stderr.write(`forge: ${line}\n`);
}

export type Paint = (format: 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;

/** Colours only where standard output is a terminal and `NO_COLOR` is not set. */
export const paint: Paint = (format, text) => styleText(format, text, { stream: process.stdout });

export const plain: Paint = (_format, text) => text;
