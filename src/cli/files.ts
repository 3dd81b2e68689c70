import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { KeptPlan } from '../engine/migrate/kept-plan';
import { planReader } from '../engine/migrate/plan-reader';
import { ProtectionFlowsError, type FieldFault } from '../errors';
import { usageFault } from './error-report';

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Replaces a whole file: a reader sees the old text or the new one, during the write and after a crash. */
function replace(path: string, text: string): void {
  const found = statOf(path);
  const target = found === null ? path : realpathSync(path);
  // Not the process id: it is the same for every run in a container, and a killed run leaves its partial file
  const partial = join(dirname(target), `.${basename(target)}.${randomUUID()}.partial`);
  try {
    writeFileSync(partial, text, { flag: 'wx', mode: found?.mode, flush: true });
    if (found !== null) chmodSync(partial, found.mode);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/**
 * Checks that a file can be written, before the work that makes its text. Returns the function that writes the whole text
 * or nothing.
 *
 * @throws at once an Error if the file can't be written; the returned function throws FILE_NOT_WRITTEN, as for a full disk
 */
export function fileWriter(path: string): (text: string) => void {
  const found = statOf(path);
  if (found?.isDirectory() === true) throw new Error('it is a folder');
  if (found === null && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new Error('it is a symbolic link to a file that is not there');
  const isFile = found === null || found.isFile();
  if (found !== null) accessSync(path, constants.W_OK);
  if (isFile) accessSync(dirname(found === null ? path : realpathSync(path)), constants.W_OK);
  return (text) => {
    try {
      if (isFile) replace(path, text);
      // A terminal, a pipe or a device can't be replaced
      else writeFileSync(path, text);
    } catch (error) {
      throw new ProtectionFlowsError('FILE_NOT_WRITTEN', {
        message: `cannot write the file ${path}: ${(error as Error).message}`,
        remedy:
          'Make sure that the disk has space and its folder can be written; then run the command again.',
        details: { path },
      });
    }
  };
}

/**
 * Checks at once that the file of `--html` can be written, before its page is made. Returns the function that writes it,
 * or null without `--html`.
 *
 * @throws USAGE if the file can't be written; the returned function throws FILE_NOT_WRITTEN
 */
export function pageWriter(path: string | undefined): ((page: string) => void) | null {
  if (path === undefined) return null;
  try {
    return fileWriter(path);
  } catch (error) {
    throw usageFault(
      `--html ${path} cannot be written: ${(error as Error).message}`,
      'Name a file in a folder that exists and that you may write.',
      'invalidArgument',
    );
  }
}

function using<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new ProtectionFlowsError('PLAN_FILE_UNUSABLE', {
      message: `the plan file ${path} cannot be used: ${(error as Error).message}`,
      remedy:
        'Name a file that can be read and written. To make one: protection-flows migrate --plan --out FILE',
      details: { path },
    });
  }
}

/** JSON.parse without its message, which quotes the text: the wrong file may hold a password. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
}

/**
 * Reads a plan of this release.
 *
 * @throws ProtectionFlowsError PLAN_FILE_UNUSABLE
 */
export const readPlan = (path: string): KeptPlan =>
  using(path, () => {
    const faults: FieldFault[] = [];
    const plan = planReader(parse(readFileSync(path, 'utf8')), 'plan', faults);
    if (faults.length > 0) throw new Error('it is not a plan of this release');
    return plan;
  });

/**
 * Checks at once that the file can be written, before its plan is made. Returns the function that writes it.
 *
 * @throws ProtectionFlowsError PLAN_FILE_UNUSABLE; the returned function throws FILE_NOT_WRITTEN
 */
export function planWriter(path: string): (plan: KeptPlan) => KeptPlan {
  const write = using(path, () => fileWriter(path));
  return (plan) => {
    write(`${JSON.stringify(plan, null, 2)}\n`);
    return plan;
  };
}
