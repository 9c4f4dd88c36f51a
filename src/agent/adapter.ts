import type { NewEvent } from '../task/event.ts';
import type { AgentName } from '../task/task.ts';

/** What forge has to know about one agent CLI. Everything here is pure: starting it is the container's business. */
export interface AgentAdapter {
  name: AgentName;
  /** Whether it calls a model, so that an attempt needs a credential and a gateway. */
  needsModel: boolean;
  /** Throws `settings` where the operator left out what this agent needs. */
  launch(request: LaunchRequest): Launch;
  /** A new one for each attempt; it remembers what it read. */
  parser(): AgentParser;
}

export interface LaunchRequest {
  model: string | null;
  attemptMinutes: number;
  agentCommand: string | null;
  /** The gateway's key for this attempt: no secret outside of it. */
  dummyKey: string;
}

/** The prompt comes on standard input, so it is in neither. */
export interface Launch {
  command: string[];
  env: Record<string, string>;
}

export interface AgentParser {
  /** Events for one line of output, without its newline. Any text at all is taken. */
  line(stream: 'stdout' | 'stderr', text: string): NewEvent[];
  /** What the agent's run came to, once its container ended with this code. */
  finish(exitCode: number): AgentResult;
}

/** `usd` is the agent's own estimate, null where it has none. */
export type AgentResult =
  | { ok: true; explanation: string; usd: number | null }
  | { ok: false; message: string; usd: number | null };
