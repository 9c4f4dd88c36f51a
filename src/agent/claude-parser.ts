import type { NewEvent } from '../task/event.ts';
import type { AgentParser, AgentResult } from './adapter.ts';
import {
  type ClaudeBlock,
  claudeBlock,
  claudeLine,
  type ResultLine,
  type RetryLine,
} from './claude-lines.ts';
import { bounded, oneLine, outputEvent } from './text.ts';
import { toolFailed, toolUsed } from './tool-events.ts';

/**
 * Reads Claude Code's stream-json. Only its result line says how a run went: the CLI exits with 0 after an
 * interrupted one and calls the `subtype` of an API error `success`, so both are ignored.
 */
export function claudeParser(): AgentParser {
  const toolNames = new Map<string, string>();
  let result: ResultLine | null = null;
  let usd: number | null = null;
  let lastOutput = '';

  function line(stream: 'stdout' | 'stderr', text: string): NewEvent[] {
    const value = stream === 'stdout' ? parseObject(text) : undefined;
    if (value === undefined) {
      if (text.trim() !== '') lastOutput = oneLine(text, 500);
      return [outputEvent(stream, text)];
    }
    const known = claudeLine.safeParse(value).data;
    if (known === undefined) return [];
    switch (known.type) {
      case 'system':
        return [known.subtype === 'init' ? started(known) : retried(known)];
      case 'assistant':
      case 'user':
        return blocks(known.message.content).flatMap((block) => blockEvents(known.type, block));
      case 'result': {
        const cost = costOf(known);
        if (cost !== null) usd = (usd ?? 0) + cost;
        result = known;
        return [finished(known, cost)];
      }
    }
  }

  function blockEvents(by: 'assistant' | 'user', block: ClaudeBlock): NewEvent[] {
    switch (block.type) {
      case 'text':
        return by === 'assistant' && block.text.trim() !== ''
          ? [{ type: 'agent.text', text: bounded(block.text) }]
          : [];
      case 'tool_use':
        toolNames.set(block.id, block.name);
        return [toolUsed(block)];
      case 'tool_result': {
        const name = toolNames.get(block.tool_use_id) ?? 'a tool';
        toolNames.delete(block.tool_use_id);
        return block.is_error === true ? [toolFailed(name, block)] : [];
      }
    }
  }

  function finish(exitCode: number): AgentResult {
    if (result === null) {
      const last = lastOutput === '' ? '' : `: ${lastOutput}`;
      return { ok: false, message: `claude ended with exit code ${exitCode} and no result${last}`, usd };
    }
    if (succeeded(result)) return { ok: true, explanation: bounded(result.result ?? ''), usd };
    return { ok: false, message: failure(result), usd };
  }

  return { line, finish };
}

/** undefined unless the text is one JSON object. */
function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function blocks(content: string | unknown[]): ClaudeBlock[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.flatMap((block) => claudeBlock.safeParse(block).data ?? []);
}

function started(line: { model: string; claude_code_version?: string | undefined }): NewEvent {
  const version = line.claude_code_version ?? 'of unknown version';
  return { type: 'system', text: bounded(`Claude Code ${version} works with ${line.model}`, 500) };
}

function retried(line: RetryLine): NewEvent {
  const why = [line.error_status, line.error].filter((part) => part != null).join(' ') || 'connection lost';
  const seconds = (line.retry_delay_ms / 1000).toFixed(1);
  const text = `the model call failed (${why}); retry ${line.attempt} of ${line.max_retries} in ${seconds} s`;
  return { type: 'system', text: bounded(text, 500) };
}

function finished(line: ResultLine, usd: number | null): NewEvent {
  const usage = {
    inputTokens: line.usage?.input_tokens ?? 0,
    outputTokens: line.usage?.output_tokens ?? 0,
    cacheReadTokens: line.usage?.cache_read_input_tokens ?? 0,
    cacheWriteTokens: line.usage?.cache_creation_input_tokens ?? 0,
    usd,
  };
  return {
    type: 'agent.result',
    text: succeeded(line) ? bounded(line.result ?? '') : failure(line),
    data: {
      is_error: !succeeded(line),
      reason: line.terminal_reason ?? null,
      turns: line.num_turns ?? null,
      usage,
    },
  };
}

function succeeded(line: ResultLine): boolean {
  return !line.is_error && line.terminal_reason === 'completed';
}

function failure(line: ResultLine): string {
  const said = line.result ?? line.errors?.join('; ') ?? '';
  const reason = line.terminal_reason ?? line.subtype ?? 'no reason given';
  return bounded(said === '' ? reason : `${said} (${reason})`, 2048);
}

function costOf(line: ResultLine): number | null {
  const models = line.model_usage_since_last_result;
  return models === null ? null : Object.values(models).reduce((sum, model) => sum + model.costUSD, 0);
}
