import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { fetchPackage } from './packages.ts';
import type { PinnedPackage } from './versions.ts';

const archive = pack();
archive.entry({ name: 'package/package.json' }, JSON.stringify({ name: '@scope/tool', version: '1.2.3' }));
archive.finalize();
const tarball = gzipSync(await buffer(archive));
const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;

const requests: string[] = [];
/** A registry of one package. */
const registry = createServer((req, res) => {
  requests.push(req.url ?? '');
  if (req.url?.endsWith('.tgz')) return void res.end(tarball);
  const { port } = registry.address() as AddressInfo;
  const dist = { tarball: `http://127.0.0.1:${port}/tool.tgz`, integrity };
  const versions = { '1.2.3': { name: '@scope/tool', version: '1.2.3', dist } };
  res.end(JSON.stringify({ name: '@scope/tool', 'dist-tags': { latest: '1.2.3' }, versions }));
});

const home = mkdtempSync(join(tmpdir(), 'forge-packages-'));
beforeAll(async () => {
  await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done));
  const { port } = registry.address() as AddressInfo;
  vi.stubEnv('npm_config_registry', `http://127.0.0.1:${port}/`);
  vi.stubEnv('npm_config_cache', join(home, 'npm-cache'));
});
afterAll(() => {
  registry.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function pinned(wanted = integrity): PinnedPackage {
  const build = { name: '@scope/tool', integrity: wanted };
  return { program: 'tool', file: 'package/tool', version: '1.2.3', builds: { x64: build, arm64: build } };
}

it('fetches once, keeps what matches the pin and fetches again what does not', async () => {
  const progress: string[] = [];
  const request = {
    home,
    architecture: 'x64' as const,
    onProgress: (text: string) => void progress.push(text),
  };
  const file = await fetchPackage({ ...request, pinned: pinned() });
  expect(file).toBe(join(home, 'cache/packages/scope-tool-1.2.3.tgz'));
  expect(readFileSync(file).equals(tarball)).toBe(true);
  requests.length = 0;
  await fetchPackage({ ...request, pinned: pinned() });
  expect(requests).toEqual([]);
  writeFileSync(file, 'half a downlo');
  await fetchPackage({ ...request, pinned: pinned() });
  expect(readFileSync(file).equals(tarball)).toBe(true);
  expect(progress).toEqual(['Fetching @scope/tool 1.2.3', 'Fetching @scope/tool 1.2.3']);

  const tampered = fetchPackage({ ...request, pinned: pinned('sha512-other') });
  await expect(tampered).rejects.toMatchObject({ category: 'invalid' });
  expect(readdirSync(join(home, 'cache/packages'))).toEqual(['scope-tool-1.2.3.tgz']);
}, 60_000);
