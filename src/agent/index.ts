import { ForgeError } from '../errors.ts';
import type { AgentName } from '../task/task.ts';
import type { AgentAdapter } from './adapter.ts';
import { claude } from './claude.ts';
import { command } from './command.ts';

export type { AgentAdapter, AgentParser, AgentResult, Launch, LaunchRequest } from './adapter.ts';

/** Throws `settings` for an agent that this version cannot drive yet. */
export function agentAdapter(name: AgentName): AgentAdapter {
  switch (name) {
    case 'claude':
      return claude;
    case 'command':
      return command;
    case 'codex':
    case 'gemini':
    case 'opencode':
      throw new ForgeError(`the agent '${name}' is not in this version of forge`, {
        category: 'settings',
        service: 'agent',
        next: "Set FORGE_AGENT to 'claude' or 'command'",
      });
  }
}
