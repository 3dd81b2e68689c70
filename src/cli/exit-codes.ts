import type { ErrorStage } from '../errors';

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

const byStage: Readonly<Record<ErrorStage, number>> = {
  'before-connecting': exitCodes.usage,
  refused: exitCodes.found,
  failed: exitCodes.failed,
};

export function exitCodeOf(stage: ErrorStage): number {
  return byStage[stage];
}
