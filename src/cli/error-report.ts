import { redact, type ConnectionSettings } from '../config';
import {
  isProtectionFlowsError,
  packageMissing,
  ProtectionFlowsError,
  type ErrorReport,
  type ErrorStage,
} from '../errors';

/** The exit codes, as docs and --help name them. */
export const exitCodes = {
  /** Done, or proven. */
  done: 0,
  /** Something was found, or refused. */
  found: 1,
  /** Failed after trying to connect. */
  failed: 2,
  /** A fault visible before connecting: usage or configuration (EX_USAGE of sysexits.h). */
  usage: 64,
  /** Quit at the second Ctrl-C: 128 + SIGINT. */
  quit: 130,
} as const;

/** The exit code of an error of that stage. */
export const exitCodeOf = (stage: ErrorStage): number =>
  ({ 'before-connecting': exitCodes.usage, refused: exitCodes.found, failed: exitCodes.failed })[stage];

/** The secrets to take out of every text; null before a configuration is read. */
type Secrets = Pick<ConnectionSettings, 'password' | 'ssl'> | null;

/**
 * Makes any thrown value printable. An error of this package stays as it is, a package that is not installed becomes
 * PACKAGE_MISSING, anything else INTERNAL. No text of it holds a secret. `trace` has the stacks of the error and its
 * causes, for PROTECTION_FLOWS_DEBUG=1.
 */
export function printableError(error: unknown, secrets: Secrets) {
  const ours = isProtectionFlowsError(error) ? error : (packageMissing(error) ?? internal(error));
  const clean = (text: string): string => (secrets === null ? text : redact(text, secrets));
  const { code, message, consequence, remedy, details } = ours;
  return {
    report: {
      ...{ code, message: clean(message), consequence: clean(consequence), remedy: clean(remedy) },
      details: cleanValues(details, clean) as Record<string, unknown>,
    } satisfies ErrorReport,
    exitCode: exitCodeOf(ours.stage),
    trace: clean(traceOf(error)),
  };
}

function internal(error: unknown): ProtectionFlowsError {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new ProtectionFlowsError('INTERNAL', {
    message: `an unexpected error: ${text}`,
    remedy:
      'Run it again with PROTECTION_FLOWS_DEBUG=1 for the stack trace, and report the error with the trace.',
    cause: error,
  });
}

function cleanValues(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((item) => cleanValues(item, clean));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleanValues(item, clean)]));
}

function traceOf(error: unknown): string {
  const traces: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && at !== null && !seen.has(at); at = (at as Error).cause) {
    seen.add(at);
    traces.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
  }
  return traces.join('\nCaused by: ');
}

/** The error for a command line that is wrong. `reason` is commander's code for the fault. */
export const usageFault = (message: string, remedy: string, reason?: string): ProtectionFlowsError =>
  new ProtectionFlowsError('USAGE', { message, remedy, details: reason === undefined ? {} : { reason } });
