import { ForgeError } from '../errors.ts';
import { ACTIVE_STATES } from '../task/state.ts';

/**
 * Written exactly as in the condition of the index `active_tasks`: SQLite uses a partial index only where the query
 * repeats its condition.
 */
export const IS_ACTIVE = `state IN (${ACTIVE_STATES.map((state) => `'${state}'`).join(', ')})`;

/** The row of an `INSERT … RETURNING`, which has one whenever it does not throw; the types do not know that. */
export function inserted<Row>(row: Row | undefined): Row {
  if (row === undefined) {
    throw new ForgeError('an INSERT returned no row', { category: 'internal', service: 'database' });
  }
  return row;
}
