import { readFileSync } from 'node:fs';
import { ProtectionFlowsError } from '../errors';
import type { KeptPlan } from '../engine/migrate/kept-plan';
import { fileWriter } from './write-file';

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
function parse(text: string): KeptPlan | null {
  try {
    return JSON.parse(text) as KeptPlan | null;
  } catch {
    throw new Error('it holds no JSON');
  }
}

/** Reads a plan of this release. */
export const readPlan = (path: string): KeptPlan =>
  using(path, () => {
    const plan = parse(readFileSync(path, 'utf8'));
    if (plan?.form !== 1) throw new Error('it holds no plan of this release');
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
