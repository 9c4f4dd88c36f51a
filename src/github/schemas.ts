import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { parseRepoName, parseSha } from '../task/ids.ts';
import { PERMISSIONS, type Permission } from '../task/task.ts';
import {
  type Account,
  type Comment,
  GHOST,
  type Issue,
  type PullRequest,
  type Repository,
} from './records.ts';

/*
 * GitHub's answers, reduced to the fields that forge uses: everything else is ignored, and a field that forge can do
 * without may be missing. Each schema ends in a record of ./records.ts.
 */

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const sha = parsedBy(parseSha);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const account = z.object({ login: z.string().min(1), id: z.int() }).nullish();
const author = account.transform((value): Account => value ?? GHOST);
const labelName = z
  .union([z.string(), z.object({ name: text })])
  .transform((label) => (typeof label === 'string' ? label : label.name));

export const repositorySchema = z
  .object({
    full_name: parsedBy(parseRepoName),
    default_branch: z.string().min(1),
    clone_url: z.url(),
    private: flag,
    archived: flag,
  })
  .transform(
    (raw): Repository => ({
      name: raw.full_name,
      defaultBranch: raw.default_branch,
      cloneUrl: raw.clone_url,
      private: raw.private,
      archived: raw.archived,
    }),
  );

export const labelNamesSchema = z.array(labelName);

export const issueSchema = z
  .object({
    number: z.int().positive(),
    title: z.string(),
    body: text,
    user: author,
    labels: z.array(labelName).default([]),
    state: z.enum(['open', 'closed']).default('open'),
    locked: flag,
    html_url: text,
    updated_at: time,
  })
  .transform(
    (raw): Issue => ({
      number: raw.number,
      title: raw.title,
      body: raw.body,
      author: raw.user,
      labels: raw.labels.filter((label) => label !== ''),
      state: raw.state,
      locked: raw.locked,
      url: raw.html_url,
      updatedAt: raw.updated_at,
    }),
  );

/** null for a pull request, which GitHub lists among the issues. */
export const listedIssueSchema = z.union([
  z.object({ pull_request: z.object({}) }).transform(() => null),
  issueSchema,
]);

/** Ids of events pass what a JavaScript number can hold: Octokit then gives a bigint. */
export const issueEventSchema = z.object({
  id: z.union([z.string(), z.int(), z.bigint()]).transform(String),
  event: z.string(),
  actor: account.transform((value) => value ?? null),
  label: z.object({ name: z.string() }).nullish(),
  created_at: time,
});

/** A custom role is unknown to forge and counts as the legacy permission that GitHub names beside it. */
export const permissionSchema = z
  .object({ role_name: text, permission: text })
  .transform((raw): Permission => known(raw.role_name) ?? known(raw.permission) ?? 'none');

export const commentSchema = z
  .object({
    id: z.int(),
    body: text,
    user: author,
    created_at: time,
    updated_at: time.optional(),
    html_url: text,
  })
  .transform(
    (raw): Comment => ({
      id: raw.id,
      body: raw.body,
      author: raw.user,
      createdAt: raw.created_at,
      updatedAt: raw.updated_at ?? raw.created_at,
      url: raw.html_url,
    }),
  );

/** Lists of pull requests have no `merged`, only the time of the merge. */
export const pullRequestSchema = z
  .object({
    number: z.int().positive(),
    html_url: z.string(),
    state: z.enum(['open', 'closed']),
    merged: z.boolean().nullish(),
    merged_at: z.string().nullish(),
    draft: flag,
    head: z.object({ ref: z.string(), sha }),
    base: z.object({ ref: z.string() }),
    body: text,
  })
  .transform(
    (raw): PullRequest => ({
      number: raw.number,
      url: raw.html_url,
      state: raw.state,
      merged: raw.merged ?? typeof raw.merged_at === 'string',
      draft: raw.draft,
      headSha: raw.head.sha,
      headRef: raw.head.ref,
      baseRef: raw.base.ref,
      body: raw.body,
    }),
  );

function known(name: string): Permission | undefined {
  return PERMISSIONS.find((permission) => permission === name);
}

function parsedBy<T>(parse: (text: string) => T) {
  return z.string().transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });
}
