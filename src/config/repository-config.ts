import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ForgeError, messageOf } from '../errors.ts';

const MAX_BYTES = 64 * 1024;
const MAX_ALIASES = 20;

const commands = z.array(z.string().trim().min(1).max(8192)).max(100).default([]);
const names = z.array(z.string().trim().min(1).max(200)).max(100).default([]);

const schema = z.strictObject({
  setup: commands,
  verify: commands,
  image: z.string().trim().min(1).max(500).nullable().default(null),
  protected_paths: names,
  instructions: z.string().max(20_000).nullable().default(null),
  draft: z.boolean().nullable().default(null),
  reviewers: names,
  labels: names,
  max_attempts: z.int().min(1).max(20).nullable().default(null),
});

/** What a repository says in its `.forge.yml`; null or an empty list where it says nothing. */
export interface RepositoryConfig {
  /** Shell commands that prepare a checkout, in order. */
  setup: readonly string[];
  /** Shell commands that judge a result, in order. */
  verify: readonly string[];
  image: string | null;
  protectedPaths: readonly string[];
  /** More text for the agent's prompt. */
  instructions: string | null;
  draft: boolean | null;
  reviewers: readonly string[];
  labels: readonly string[];
  maxAttempts: number | null;
}

/** What a repository without a file says. */
export const NO_REPOSITORY_CONFIG: RepositoryConfig = parseRepositoryConfig('', '.forge.yml');

/**
 * Reads the text of a `.forge.yml`, which anybody with write access to the repository may have written. Throws
 * `invalid` with the file's name and each key that is wrong; keys that forge does not know are wrong.
 */
export function parseRepositoryConfig(text: string, file: string): RepositoryConfig {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(file, [`larger than ${MAX_BYTES / 1024} KiB`]);
  const result = schema.safeParse(readYaml(text, file) ?? {});
  if (!result.success) {
    throw invalid(
      file,
      result.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
    );
  }
  const { protected_paths, max_attempts, ...rest } = result.data;
  return { ...rest, protectedPaths: protected_paths, maxAttempts: max_attempts };
}

function readYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { merge: false });
  const [problem] = document.errors;
  if (problem !== undefined) throw invalid(file, [problem.message.split('\n')[0] ?? problem.code], problem);
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid(file, [messageOf(error)], error);
  }
}

function invalid(file: string, faults: readonly string[], cause?: unknown): ForgeError {
  return new ForgeError(`${file} is wrong: ${faults.join('; ')}`, {
    category: 'invalid',
    service: 'forge',
    next: `Correct ${file} on the default branch, then retry the task`,
    data: { faults },
    cause,
  });
}
