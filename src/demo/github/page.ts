import { type Answer, ok } from './answer.ts';
import { type RepositoryCall, urlById } from './route.ts';

/**
 * One page of a list, with GitHub's `Link` header. Its URLs name the repository by id, so a client that builds
 * the next page's URL itself instead of following the link is found out.
 */
export function page<T>(call: RepositoryCall, items: readonly T[], present: (item: T) => unknown): Answer {
  const size = Math.min(positive(call.query.get('per_page'), 30), 100);
  const number = positive(call.query.get('page'), 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const body = items.slice((number - 1) * size, number * size).map(present);
  const link = [
    number > 1 && linkTo(call, Math.min(number - 1, last), 'prev'),
    number < last && linkTo(call, number + 1, 'next'),
    number < last && linkTo(call, last, 'last'),
    number > 1 && linkTo(call, 1, 'first'),
  ].filter((part) => part !== false);
  return link.length === 0 ? ok(body) : ok(body, { link: link.join(', ') });
}

function linkTo(call: RepositoryCall, number: number, relation: string): string {
  const query = new URLSearchParams(call.query);
  query.set('page', String(number));
  return `<${urlById(call, call.repo, query)}>; rel="${relation}"`;
}

function positive(text: string | null, otherwise: number): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}
