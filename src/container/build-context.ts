import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

/** Also what `tar` gives files without a time; equal contexts are equal bytes, so the builder's cache holds. */
const EPOCH = new Date(0);

/**
 * A build context as a tar archive: small files from memory and large ones streamed from disk. An error on the way
 * ends the stream with it.
 */
export function buildContext(
  files: readonly { name: string; content: Buffer }[],
  packages: readonly { name: string; path: string }[],
): Readable {
  const archive = pack();
  const fill = async () => {
    // `COPY packages/` needs the directory even when it is empty.
    archive.entry({ name: 'packages/', type: 'directory', mode: 0o755, mtime: EPOCH });
    for (const { name, content } of files) archive.entry({ name, mode: 0o644, mtime: EPOCH }, content);
    for (const { name, path } of packages) {
      const { size } = await stat(path);
      await pipeline(createReadStream(path), archive.entry({ name, size, mode: 0o644, mtime: EPOCH }));
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return archive;
}
