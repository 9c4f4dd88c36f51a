import { ForgeError } from '../errors.ts';

/** One error for all faults, a line each. */
export function settingsError(faults: readonly string[]): ForgeError {
  const count = faults.length === 1 ? 'a setting is wrong' : `${faults.length} settings are wrong`;
  return new ForgeError([`${count}:`, ...faults].join('\n  '), {
    category: 'settings',
    service: 'forge',
    next: 'Correct them; forge config shows what is in force and where it comes from',
    data: { faults },
  });
}
