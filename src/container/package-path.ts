import { fileURLToPath } from 'node:url';

/** A file or folder of forge's own package, which is two levels up from `src/container` and `dist/container` alike. */
export function packagePath(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
