import { Command, CommanderError } from 'commander';
import { forgeVersion } from '../config/version.ts';
import { type ErrorCategory, ForgeError, isForgeError, messageOf } from '../errors.ts';
import { addCancel } from './cancel.ts';
import { addConfig } from './config.ts';
import { addDemo } from './demo.ts';
import { addExplain } from './explain.ts';
import { addImage } from './image.ts';
import { inert, inertLines } from './inert.ts';
import { addLogs } from './logs.ts';
import { addPause } from './pause.ts';
import { addRestart } from './restart.ts';
import { addResume } from './resume.ts';
import { addRetry } from './retry.ts';
import { addShow } from './show.ts';
import { addStart } from './start.ts';
import { addStatus } from './status.ts';
import { addStop } from './stop.ts';
import { addTasks } from './tasks.ts';

const WRONG_USAGE = 2;

/** Runs one command line, prints what went wrong on standard error, and returns the exit code. Never throws. */
export async function runForge(args: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error);
    process.stderr.write(`${errorText(error)}\n`);
    if (program.opts().verbose === true) process.stderr.write(`${stackText(error)}\n`);
    return exitCode(error);
  }
}

function buildProgram(): Command {
  const program = new Command('forge')
    .description('Label a GitHub issue, get a pull request.')
    .version(forgeVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .option('--verbose', 'with an error, print where it came from')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  addStart(program);
  addStop(program);
  addRestart(program);
  addStatus(program);
  addTasks(program);
  addShow(program);
  addLogs(program);
  addExplain(program);
  addCancel(program);
  addRetry(program);
  addPause(program);
  addResume(program);
  addConfig(program);
  addImage(program);
  addDemo(program);
  return program;
}

/** commander throws at the end of `--help` and `--version` as well. */
function endOfParsing(error: CommanderError): number {
  if (error.exitCode === 0) return 0;
  // Without a command it has printed its help already.
  if (error.code !== 'commander.help') {
    const message = inert(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
    process.stderr.write(`forge: ${message.replace(/\.$/, '')}. See forge --help\n`);
  }
  return WRONG_USAGE;
}

/** One line, unless the message lists several things; the next step comes last. */
function errorText(error: unknown): string {
  const [first = '', ...more] = inertLines(messageOf(error));
  const next = isForgeError(error) && error.next !== undefined ? inert(error.next) : '';
  if (more.length > 0) return [`forge: ${first}`, ...more, next].filter((line) => line !== '').join('\n');
  return `forge: ${[first.replace(/\.$/, ''), next].filter((part) => part !== '').join('. ')}`;
}

/** Only stacks: the fields of a foreign error may hold request headers. */
function stackText(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = inertLines(error.stack ?? '').join('\n');
  return error.cause === undefined ? own : `${own}\ncaused by ${stackText(error.cause)}`;
}

function exitCode(error: unknown): number {
  return error instanceof ForgeError ? EXIT_CODES[error.category] : 1;
}

const EXIT_CODES: Readonly<Record<ErrorCategory, number>> = {
  usage: WRONG_USAGE,
  not_running: 3,
  unavailable: 75,
  stale: 75,
  settings: 78,
  conflict: 1,
  unauthorized: 1,
  forbidden: 1,
  not_found: 1,
  invalid: 1,
  limit: 1,
  internal: 1,
};
