import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The floors of the house, from the top; a room may import from its own floor's listed rooms or from below. */
const FLOORS: readonly (readonly string[])[] = [
  ['cli'],
  ['demo'],
  ['daemon'],
  ['api'],
  ['attempt', 'trigger'],
  ['verify', 'pull-request'],
  ['rooms'],
  ['queue'],
  ['workspace', 'container', 'gateway', 'agent', 'github', 'events'],
  ['store'],
  ['config'],
  ['task', 'closing'],
  ['errors', 'clock'],
];

/** One SDK lives in one room. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  '@octokit/': ['github'],
  dockerode: ['container'],
  'better-sqlite3': ['store'],
  'simple-git': ['workspace'],
  fastify: ['api'],
  commander: ['cli'],
  yaml: ['config'],
  'tar-stream': ['container'],
};

/** The demo prints what an agent said, and the CLI's way of doing so safely is the only one there is. */
const EXCEPTIONS = new Set(['demo -> cli/inert']);

interface Import {
  file: string;
  room: string;
  target: string;
}

const imports: Import[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  .flatMap((file) =>
    [...readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(
      ([, target = '']) => ({
        file,
        room: roomOf(file),
        target: target.startsWith('.') ? normalize(relative(SRC, join(SRC, dirname(file), target))) : target,
      }),
    ),
  );

test('there are imports to look at', () => {
  expect(imports.length).toBeGreaterThan(300);
});

test('imports go down only', () => {
  const rising = imports
    .filter(({ target }) => /^[a-z-]+[/.]/.test(target) && target.endsWith('.ts'))
    .filter(({ room, target }) => roomOf(target) !== room && floorOf(roomOf(target)) <= floorOf(room))
    .filter(({ room, target }) => !EXCEPTIONS.has(`${room} -> ${target.replace(/\.ts$/, '')}`))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(rising).toEqual([]);
});

test('one SDK lives in one room', () => {
  const strays = imports
    .filter(({ room, target }) =>
      Object.entries(HOMES).some(
        ([sdk, homes]) => (target === sdk || target.startsWith(sdk)) && !homes.includes(room),
      ),
    )
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(strays).toEqual([]);
});

function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
  if (floor === -1) throw new Error(`the room '${room}' stands on no floor: add it to FLOORS`);
  return floor;
}
