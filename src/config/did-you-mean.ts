/** `; did you mean NAME?` for the nearest setting within a few letters, with `FORGE_` or without; otherwise nothing. */
export function didYouMean(text: string, names: readonly string[]): string {
  const [best] = names
    .map((name) => ({ name, distance: distance(shortName(text), shortName(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, shortName(name).length / 3))
    .sort((a, b) => a.distance - b.distance);
  return best === undefined ? '' : `; did you mean ${best.name}?`;
}

/** `max_concurrent` for `FORGE_MAX_CONCURRENT`: how a `forge.yaml` may write it. */
export function shortName(key: string): string {
  return key.toLowerCase().replace(/^forge_/, '');
}

/** Levenshtein's: how many letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const [left = 0, above = 0, diagonal = 0] = [next[j - 1], row[j], row[j - 1]];
      next.push(Math.min(left + 1, above + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
