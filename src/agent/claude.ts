import type { AgentAdapter } from './adapter.ts';
import { claudeParser } from './claude-parser.ts';

/** Where the relay in every container listens; behind it is the gateway's socket. */
const RELAY_URL = 'http://127.0.0.1:8377';

/** The CLI's own 10 take more than a minute on a dead key; an attempt that fails is tried again by forge anyway. */
const MAX_RETRIES = 6;

/** A shell command that prints nothing must end before forge takes the agent for stalled (10 minutes by default). */
const BASH_DEFAULT_MS = 5 * 60_000;
const BASH_MAX_MS = 9 * 60_000;

/** Claude Code without a terminal. It may do everything, because the container around it is the sandbox. */
export const claude: AgentAdapter = {
  name: 'claude',
  needsModel: true,

  launch({ model, attemptMinutes, dummyKey }) {
    const attemptMs = attemptMinutes * 60_000;
    return {
      command: [
        'claude',
        '--print',
        // stream-json prints nothing at all without --verbose.
        ...['--output-format', 'stream-json', '--verbose'],
        '--dangerously-skip-permissions',
        // The repository's own settings and MCP servers are the work of strangers.
        ...['--setting-sources', 'user'],
        ...['--strict-mcp-config', '--mcp-config', '{"mcpServers":{}}'],
        ...(model === null ? [] : ['--model', model]),
      ],
      env: {
        ANTHROPIC_BASE_URL: RELAY_URL,
        ANTHROPIC_API_KEY: dummyKey,
        CLAUDE_CONFIG_DIR: '/forge/home/.claude',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        CLAUDE_CODE_MAX_RETRIES: String(MAX_RETRIES),
        DISABLE_AUTOUPDATER: '1',
        BASH_DEFAULT_TIMEOUT_MS: String(Math.min(BASH_DEFAULT_MS, attemptMs)),
        BASH_MAX_TIMEOUT_MS: String(Math.min(BASH_MAX_MS, attemptMs)),
      },
    };
  },

  parser: claudeParser,
};
