import type { PruneReport } from '../prune-executions';
import { databaseLine, groupedCount } from './counted';
import { separated } from './migrate-text';
import type { Style } from './style';
import { labelled } from './wrap';

/** What a prune did, or with --dry-run would have done. */
export function pruneText(result: PruneReport, style: Style): string[] {
  const mark = result.dry_run && result.deleted > 0 ? style.yellow : style.green;
  return separated([
    databaseLine(result),
    labelled('', conclusion(result), 0).map(mark),
    ...result.kept.map((kept) => labelled('', stays(kept), 0).map(style.yellow)),
  ]);
}

function stays({ executions, key, table }: PruneReport['kept'][number]): string {
  const why =
    table === null
      ? 'rows of a table that this user may not see refer to them'
      : `rows of ${table} refer to them by the key ${key}, which does not let them go`;
  return `${groupedCount(executions, 'execution')} old enough ${executions === 1 ? 'stays' : 'stay'}: ${why}.`;
}

function conclusion({ dry_run, deleted, flows }: PruneReport): string {
  const looked = `Looked at ${groupedCount(flows, 'flow')}`;
  const executions = groupedCount(deleted, 'execution');
  if (deleted === 0) return `${looked}: nothing to delete.`;
  if (!dry_run) return `${looked}, deleted ${executions}.`;
  return `${looked}: ${executions} to delete. Nothing was deleted: it was a dry run.`;
}
