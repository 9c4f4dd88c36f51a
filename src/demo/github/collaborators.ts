import { atLeast, legacyPermission, permissionOf } from './access.ts';
import { forbidden, ok, refusal } from './answer.ts';
import { permissionsJson } from './repositories.ts';
import { onRepository, type Route } from './route.ts';
import { findUser } from './state.ts';
import { userJson } from './users.ts';

export const collaboratorRoutes: readonly Route[] = [
  onRepository('GET', '/collaborators/:login/permission', 'read', ({ state, repo, permission, params }) => {
    if (!atLeast(permission, 'write')) {
      return forbidden('Must have push access to view collaborator permission.');
    }
    const user = findUser(state, params.login ?? '');
    if (user === undefined) return refusal(404, `${params.login} is not a user`);
    const role = permissionOf(repo, user);
    return ok({
      permission: legacyPermission(role),
      role_name: role,
      user: { ...userJson(state, user), permissions: permissionsJson(role), role_name: role },
    });
  }),
];
