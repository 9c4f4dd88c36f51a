import { expect, it } from 'vitest';
import { isDebianLike } from './debian-host.ts';
import { ensureEngine } from './ensure-engine.ts';

it('uses the engine that answers, and does nothing else', async () => {
  const progress: string[] = [];
  const onProgress = (text: string) => void progress.push(text);
  const engine = await ensureEngine({ dockerHost: process.env.DOCKER_HOST ?? null, onProgress });
  expect(await engine.ping()).toHaveProperty('version');
  expect(progress).toEqual([]);
});

it('installs nothing in place of an engine that somebody named', async () => {
  const progress: string[] = [];
  const ensuring = ensureEngine({
    dockerHost: 'unix:///nonexistent/docker.sock',
    onProgress: (text) => void progress.push(text),
  });
  await expect(ensuring).rejects.toMatchObject({ category: 'unavailable' });
  expect(progress).toEqual([]);
});

it('knows Debian’s relatives', () => {
  expect(isDebianLike('PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_CODENAME=bookworm\nID=debian\n')).toBe(
    true,
  );
  expect(isDebianLike('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n')).toBe(true);
  expect(isDebianLike('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe(true);
  expect(isDebianLike('NAME="Fedora Linux"\nID=fedora\nVARIANT_ID=debian\n')).toBe(false);
});
