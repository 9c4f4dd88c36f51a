import { PERMISSIONS, type Permission } from '../../task/task.ts';
import type { Repository, State, Token, User } from './state.ts';

/** Who is calling: nobody, somebody, or a token that means nothing here. */
export type Viewer = { kind: 'anonymous' } | { kind: 'known'; token: Token } | { kind: 'unknown' };

/** Takes `Bearer T`, `token T` and Basic with the token as password, which is how git sends it. */
export function authenticate(state: State, authorization: string | undefined): Viewer {
  if (authorization === undefined) return { kind: 'anonymous' };
  const token = state.tokens.get(tokenIn(authorization));
  return token === undefined ? { kind: 'unknown' } : { kind: 'known', token };
}

function tokenIn(authorization: string): string {
  const [scheme = '', value = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return value;
  const [, password = ''] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return password;
}

export function userOf(viewer: Viewer): User | null {
  return viewer.kind === 'known' ? viewer.token.user : null;
}

/** What an account may do in a repository; `none`: it does not even see it. */
export function permissionOf(repo: Repository, user: User | null): Permission {
  if (user === repo.owner) return 'admin';
  const given = user === null ? undefined : repo.collaborators.get(user.login.toLowerCase());
  return given ?? (repo.private ? 'none' : 'read');
}

/** `permissionOf` the viewer's account, cut down to what the scopes of its token allow. */
export function permissionOfViewer(repo: Repository, viewer: Viewer): Permission {
  const permission = permissionOf(repo, userOf(viewer));
  if (viewer.kind !== 'known' || viewer.token.scopes === null) return permission;
  const { scopes } = viewer.token;
  if (scopes.includes('repo') || (scopes.includes('public_repo') && !repo.private)) return permission;
  return repo.private ? 'none' : 'read';
}

export function atLeast(permission: Permission, needed: Permission): boolean {
  return PERMISSIONS.indexOf(permission) <= PERMISSIONS.indexOf(needed);
}

/** The older field has four values only: `maintain` shows as write, `triage` as read. */
export function legacyPermission(permission: Permission): 'admin' | 'write' | 'read' | 'none' {
  switch (permission) {
    case 'maintain':
      return 'write';
    case 'triage':
      return 'read';
    default:
      return permission;
  }
}
