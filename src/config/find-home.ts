import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_HOME, expandHome, homeFault } from './home.ts';
import type { Place } from './read-settings.ts';
import { settingsError } from './settings-error.ts';

/**
 * The home alone, for commands that must work whatever else is wrong. Throws `settings` when it is itself wrong.
 * All settings are read only where a file may name it: they take longer than all else that `forge status` does.
 */
export async function findHome(place: Place): Promise<string> {
  const { env, cwd } = place;
  const named = env.FORGE_HOME?.trim() ?? '';
  if (named === '' && ['.env', 'forge.yaml'].some((file) => existsSync(join(cwd, file)))) {
    return homeAmongAll(place);
  }
  const home = expandHome(named === '' ? DEFAULT_HOME : named, env);
  const fault = homeFault(home);
  if (fault === null) return home;
  throw settingsError([`FORGE_HOME=${home} (from ${named === '' ? 'default' : 'environment'}): ${fault}`]);
}

async function homeAmongAll(place: Place): Promise<string> {
  const { readSettings } = await import('./read-settings.ts');
  const { values, faults } = readSettings(place);
  if (values.FORGE_HOME !== undefined) return values.FORGE_HOME;
  throw settingsError(faults.filter((fault) => fault.startsWith('FORGE_HOME=')));
}
