export interface Change {
  /** Of the new version; `000000`: the file is gone. */
  mode: string;
  /** The object id of the new version. */
  id: string;
  path: string;
}

/**
 * The output of `git log --raw -z -c --format=`: per change `:MODES IDS STATUS` and then the path, each ended by NUL.
 * A merge's entry has one colon per parent, and one old mode and id for each of them.
 */
export function parseRawLog(output: Buffer): Change[] {
  const fields = output.toString('utf8').split('\0');
  const changes: Change[] = [];
  for (let at = 0; at < fields.length; at++) {
    const head = /^\n?(:+)(.*)$/.exec(fields[at] ?? '');
    if (head === null) continue;
    const parents = `${head[1]}`.length;
    const columns = `${head[2]}`.split(' ');
    changes.push({
      mode: columns[parents] ?? '',
      id: columns[2 * parents + 1] ?? '',
      path: fields[++at] ?? '',
    });
  }
  return changes;
}
