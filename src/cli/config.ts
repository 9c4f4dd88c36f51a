import type { Command } from 'commander';
import type { SettingRow } from '../config/read-settings.ts';
import { aligned } from './format.ts';
import { here } from './here.ts';
import { inert } from './inert.ts';
import { print, printJson } from './output.ts';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('every setting in force and where it comes from (exit code 78: something is wrong)')
    .option('--json', 'as a JSON array')
    .action(config);
}

/** Prints first and checks then, so that a wrong setting can be seen among the others. */
async function config(options: { json?: true }): Promise<void> {
  const [{ readSettings }, { loadConfig }] = await Promise.all([
    import('../config/read-settings.ts'),
    import('../config/load-config.ts'),
  ]);
  const { rows } = readSettings(here());
  if (options.json) printJson(rows);
  else for (const line of settingLines(rows)) print(line);
  loadConfig(here());
}

function settingLines(rows: readonly SettingRow[]): string[] {
  const cells = rows.map(({ key, value, source, note }) => [
    key,
    // An unset secret would say so in both columns.
    inert(value === source ? '' : (value ?? '')),
    inert(note === null ? source : `${source} (${note})`),
  ]);
  return aligned(cells).map((row) => row.join('  ').trimEnd());
}
