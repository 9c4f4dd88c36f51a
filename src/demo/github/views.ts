import { fullName, type Issue, type Repository, type State } from './state.ts';

/** A pull request as a test or the demo wants to read it, without HTTP. */
export interface PullRequestView {
  number: number;
  url: string;
  title: string;
  body: string | null;
  author: string;
  state: 'open' | 'closed';
  merged: boolean;
  draft: boolean;
  headRef: string;
  headSha: string;
  baseRef: string;
}

export interface CommentView {
  id: number;
  author: string;
  body: string;
  /** ms since epoch, whole seconds. */
  createdAt: number;
  updatedAt: number;
}

export function pullRequestViews(state: State, repo: Repository): PullRequestView[] {
  return repo.issues.flatMap(({ pull, number, title, body, author, state: open }) => {
    if (pull === null) return [];
    const { headRef, headSha, baseRef, draft } = pull;
    const url = `${state.url}/${fullName(repo)}/pull/${number}`;
    const merged = pull.merged !== null;
    return [
      {
        number,
        url,
        title,
        body,
        author: author.login,
        state: open,
        merged,
        draft,
        headRef,
        headSha,
        baseRef,
      },
    ];
  });
}

export function commentViews(issue: Issue): CommentView[] {
  return issue.comments.map(({ author, ...comment }) => ({ ...comment, author: author.login }));
}
