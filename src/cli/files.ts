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

/** Replaces a file whole: whoever reads it meanwhile, or after a crash, has the old one or the new one. */
function replace(path: string, text: string): void {
  const found = statOf(path);
  const target = found === null ? path : realpathSync(path);
  // In a container each run has the same process id, and one that was killed has left its own
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
 * Looks whether a file can be written, before the work whose result it is to hold, and answers what writes it: whole, or
 * not at all.
 *
 * @throws at once the system's error where it can't be written; later FILE_NOT_WRITTEN, such as for a full disk
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
      // A terminal, a pipe or a device takes the text as it comes
      else writeFileSync(path, text);
    } catch (error) {
      throw new ProtectionFlowsError('FILE_NOT_WRITTEN', {
        message: `cannot write the file ${path}: ${(error as Error).message}`,
        remedy: 'See that there is space, and that its folder can be written; then run the command again.',
        details: { path },
      });
    }
  };
}

/**
 * Looks at once whether the file of `--html` can be written, so that no page is made in vain, and answers what writes it;
 * null where none is wanted.
 *
 * @throws USAGE where it can't be; later FILE_NOT_WRITTEN
 */
export function pageWriter(path: string | undefined): ((page: string) => void) | null {
  if (path === undefined) return null;
  try {
    return fileWriter(path);
  } catch (error) {
    throw usageFault(
      `the file of --html, ${path}: ${(error as Error).message}`,
      'Name a file in a folder that is there and that you may write.',
      'invalidArgument',
    );
  }
}

function using<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new ProtectionFlowsError('PLAN_FILE_UNUSABLE', {
      message: `the file of the plan, ${path}: ${(error as Error).message}`,
      remedy:
        'Name a file that can be read and written; protection-flows migrate --plan --out FILE makes it.',
      details: { path },
    });
  }
}

/** JSON.parse says what the text begins with: a password, where somebody names the wrong file. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it holds no JSON');
  }
}

/** Reads a plan of this release. */
export const readPlan = (path: string): KeptPlan =>
  using(path, () => {
    const faults: FieldFault[] = [];
    const plan = planReader(parse(readFileSync(path, 'utf8')), 'plan', faults);
    if (faults.length > 0) throw new Error('it holds no plan of this release');
    return plan;
  });

/** Looks at once whether the file can be written, so that no plan is made in vain, and answers what writes it. */
export function planWriter(path: string): (plan: KeptPlan) => KeptPlan {
  const write = using(path, () => fileWriter(path));
  return (plan) => {
    write(`${JSON.stringify(plan, null, 2)}\n`);
    return plan;
  };
}
