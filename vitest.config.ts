import { defineConfig } from 'vitest/config';

/** Tests against a real container engine; where none can be had they are skipped, and say why. */
const NEED_ENGINE = [
  'test/system/*.test.ts',
  'src/container/docker-engine.test.ts',
  'src/container/docker-exec.test.ts',
  'src/container/agent-files.test.ts',
  'src/container/agent-image.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/test-report.json' }]],
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: NEED_ENGINE,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: NEED_ENGINE,
          testTimeout: 90_000,
          hookTimeout: 90_000,
          globalSetup: ['test/support/engine-setup.ts'],
          setupFiles: ['test/support/engine-required.ts'],
        },
      },
    ],
  },
});
