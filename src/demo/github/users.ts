import { userOf } from './access.ts';
import { ok, refusal } from './answer.ts';
import { type Call, type Route, route } from './route.ts';
import { isoTime, nodeId, type State, type User } from './state.ts';

export const userRoutes: readonly Route[] = [
  route('GET', '/user', (call: Call) => {
    const user = userOf(call.viewer);
    if (user === null) return refusal(401, 'Requires authentication');
    return ok({ ...userJson(call.state, user), ...profileJson(user) });
  }),
];

export function userJson(state: State, user: User) {
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId('U', user.id),
    avatar_url: `${state.url}/avatars/${user.id}`,
    gravatar_id: '',
    url: `${state.apiUrl}/users/${user.login}`,
    html_url: `${state.url}/${user.login}`,
    type: 'User',
    user_view_type: 'public',
    site_admin: false,
  };
}

function profileJson(user: User) {
  return {
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: isoTime(user.createdAt),
    updated_at: isoTime(user.createdAt),
  };
}
