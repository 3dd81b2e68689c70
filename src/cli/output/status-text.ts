import type { StatusResult } from '../../engine/migrate/results';
import { counted, databaseLine } from './counted';
import { separated } from './migrate-text';
import { breakingOf, rollingText } from './rolling-text';
import { markStatus, type Style } from './style';
import { table } from './table';
import { labelled } from './wrap';

/** The state of a database: each migration, each key, and what to do about it. */
export function statusText(status: StatusResult, style: Style): string[] {
  const mark = (text: string): string => markStatus(text, style);
  return separated([
    databaseLine(status),
    table(
      [{ title: 'MIGRATION', elastic: true }, { title: 'STATUS', mark }, { title: 'APPLIED (UTC)' }],
      status.migrations.map(({ name, status: state, appliedAt }) => [name, state, moment(appliedAt)]),
      style,
    ),
    status.keys.length === 0
      ? []
      : table(
          [
            { title: 'FOREIGN KEY', elastic: true },
            { title: 'STATUS', mark },
          ],
          status.keys.map((key) => [key.name, key.status]),
          style,
        ),
    rollingText(
      status.migrations.filter((one) => one.status === 'pending').length,
      breakingOf(status.migrations),
    ),
    labelled('', conclusion(status), 0),
  ]);
}

function moment(isoTime: string | null): string {
  return isoTime === null ? '' : isoTime.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');
}

function conclusion({ ok, migrations, keys }: StatusResult): string {
  const count = (of: readonly { status: string }[], state: string): number =>
    of.filter(({ status }) => status === state).length;
  const unknown = count(migrations, 'unknown');
  const pending = count(migrations, 'pending');
  const missing = count(keys, 'missing');
  const deferred = count(keys, 'deferred');
  if (unknown > 0) {
    return `The history names ${counted(unknown, 'migration')} that this version does not know: update the package.`;
  }
  if (pending > 0 || missing > 0) {
    const parts = [
      ...(pending > 0 ? [counted(pending, 'pending migration')] : []),
      ...(missing > 0 ? [counted(missing, 'missing key')] : []),
    ];
    return `${parts.join(', ')}. To apply: protection-flows migrate`;
  }
  if (deferred > 0) {
    return `Up to date, but for ${counted(deferred, 'deferred key')}: migrate again once the parent table is there.`;
  }
  return ok ? 'Up to date. To prove it: protection-flows verify' : 'Not up to date.';
}
