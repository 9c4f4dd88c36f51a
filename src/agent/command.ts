import { ForgeError } from '../errors.ts';
import type { AgentAdapter, AgentParser } from './adapter.ts';
import { bounded, outputEvent } from './text.ts';

/** How much of the end of standard output serves as the explanation. */
const EXPLANATION_LINES = 20;
const EXPLANATION_BYTES = 8 * 1024;

/** Any program as an agent: exit code 0 is success, and the last lines it prints explain what it did. */
export const command: AgentAdapter = {
  name: 'command',
  needsModel: false,

  launch({ agentCommand }) {
    if (agentCommand === null) {
      throw new ForgeError("the agent 'command' has no command to start", {
        category: 'settings',
        service: 'agent',
        next: 'Set FORGE_AGENT_COMMAND, or FORGE_AGENT to another agent',
      });
    }
    return { command: ['sh', '-c', agentCommand], env: {} };
  },

  parser(): AgentParser {
    const said: string[] = [];
    const last = { stdout: '', stderr: '' };
    return {
      line(stream, text) {
        if (text.trim() !== '') {
          last[stream] = bounded(text, 500);
          if (stream === 'stdout') said.push(bounded(text, EXPLANATION_BYTES));
          if (said.length > EXPLANATION_LINES) said.shift();
        }
        return [outputEvent(stream, text)];
      },
      finish(exitCode) {
        if (exitCode === 0)
          return { ok: true, explanation: bounded(said.join('\n'), EXPLANATION_BYTES), usd: null };
        const reason = last.stderr || last.stdout || 'it printed nothing';
        return { ok: false, message: `the command ended with exit code ${exitCode}: ${reason}`, usd: null };
      },
    };
  },
};
