import type { PreflightResult } from '../../engine/migrate/results';
import { counted, databaseLine } from './counted';
import { findingsText } from './findings-text';
import { separated } from './migrate-text';
import type { Style } from './style';
import { labelled } from './wrap';

/** The findings, and whether a migrate could do its work now. */
export function preflightText(result: PreflightResult, style: Style): string[] {
  return separated([
    databaseLine(result),
    findingsText(result.findings, style),
    labelled('', conclusion(result), 0).map(result.ok ? style.green : style.red),
  ]);
}

function conclusion({ findings }: PreflightResult): string {
  const count = (effect: string): number => findings.filter((finding) => finding.effect === effect).length;
  const [blocking, refused, deferred] = [count('blocking'), count('key-refused'), count('deferred')];
  const left = deferred > 0 ? `, but for ${counted(deferred, 'deferred key')}` : '';
  if (blocking > 0) {
    return `${counted(blocking, 'finding')} would stop migrate before its first statement. Apply the fixes and look again.`;
  }
  if (refused > 0) {
    return `Migrate would leave out ${refused === 1 ? 'a key' : 'some keys'}: ${counted(refused, 'finding')} in the way. Apply the fixes and look again.`;
  }
  return `Nothing stands in the way of migrate${left}.`;
}
