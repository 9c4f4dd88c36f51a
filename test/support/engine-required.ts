import { beforeEach } from 'vitest';

beforeEach(({ skip }) => {
  const missing = process.env.FORGE_TEST_NO_ENGINE;
  if (missing !== undefined) skip(`no container engine: ${missing}`);
});
