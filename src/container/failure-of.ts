import { type ForgeError, isForgeError } from '../errors.ts';

/** The expected failure of an action as a value, null where it succeeded. What is no `ForgeError` is thrown on. */
export async function failureOf(action: Promise<unknown>): Promise<ForgeError | null> {
  try {
    await action;
    return null;
  } catch (error) {
    if (isForgeError(error)) return error;
    throw error;
  }
}
