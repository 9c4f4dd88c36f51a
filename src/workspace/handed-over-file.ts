import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export type HandedOverFile =
  | { kind: 'file'; handle: FileHandle; size: number }
  | { kind: 'absent' }
  | { kind: 'refused'; reason: string };

/**
 * Opens a file that a container left for forge, without trusting it to be one: a link is not followed, and a pipe or
 * device does not block. The caller closes the handle and reads no more than `size` bytes of it.
 */
export async function openHandedOver(path: string, maxBytes: number): Promise<HandedOverFile> {
  const handle = await openOrReason(path);
  if (typeof handle === 'string') return { kind: 'refused', reason: handle };
  if (handle === null) return { kind: 'absent' };
  const stat = await handle.stat();
  const reason = !stat.isFile()
    ? 'is not a regular file'
    : stat.nlink !== 1
      ? 'has another name elsewhere'
      : stat.size > maxBytes
        ? `has ${stat.size} bytes, and at most ${maxBytes} are taken`
        : null;
  if (reason === null) return { kind: 'file', handle, size: stat.size };
  await handle.close();
  return { kind: 'refused', reason };
}

async function openOrReason(path: string): Promise<FileHandle | string | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') return 'is a symbolic link';
    if (code === 'ENXIO' || code === 'EACCES') return 'cannot be opened as a file';
    throw error;
  }
}
