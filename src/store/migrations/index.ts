import { initial } from './001-initial.ts';

/** The statements that lead from an empty database to today's schema; the nth one leads to version n. */
export const MIGRATIONS: readonly string[] = [initial];
