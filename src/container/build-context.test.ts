import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { buildContext } from './build-context.ts';

const dir = mkdtempSync(join(tmpdir(), 'forge-context-'));
afterAll(() => rmSync(dir, { recursive: true }));
const archive = join(dir, 'tool.tgz');
const tool = Buffer.alloc(3_000_000, 'tool');
const packed = pack();
packed.entry({ name: 'package/README.md' }, 'read me');
packed.entry({ name: 'package/bin/tool' }, tool);
packed.entry({ name: 'package/LICENSE' }, 'x'.repeat(100_000));
packed.finalize();
writeFileSync(archive, gzipSync(await buffer(packed)));

describe('buildContext', () => {
  it('holds the Dockerfile and the programs alone, as the same bytes each time', async () => {
    const make = () =>
      buffer(buildContext(Buffer.from('FROM x'), [{ name: 'tool', archive, file: 'package/bin/tool' }]));
    const context = await make();
    expect(context.equals(await make())).toBe(true);
    const reading = extract();
    reading.end(context);
    const entries: [string, number, Buffer][] = [];
    for await (const entry of reading)
      entries.push([entry.header.name, entry.header.mode ?? 0, await buffer(entry)]);
    expect(entries.map(([name, mode]) => [name, mode])).toEqual([
      ['Dockerfile', 0o644],
      ['bin/', 0o755],
      ['bin/tool', 0o755],
    ]);
    expect(entries[2]?.[2].equals(tool)).toBe(true);
  });

  it('fails when a program is not where it should be', async () => {
    const context = buildContext(Buffer.from(''), [{ name: 'tool', archive, file: 'package/tool' }]);
    await expect(buffer(context)).rejects.toMatchObject({ category: 'invalid' });
    const absent = buildContext(Buffer.from(''), [{ name: 'tool', archive: join(dir, 'absent'), file: 'x' }]);
    await expect(buffer(absent)).rejects.toThrow('ENOENT');
  });
});
