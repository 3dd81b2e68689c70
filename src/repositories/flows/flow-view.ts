import { ProtectionFlow, type FlowRow } from '../../entities';
import { comparable, type PlatformColumns } from '../platform-columns';
import type { EntityManager } from 'typeorm';
import { rowReader, type RawRow } from '../row-reader';

/** A table of the platform from which flows get names. */
interface NameSource {
  readonly alias: string;
  readonly table: string;
  /** Default: `id`. */
  readonly key?: string;
  readonly flowColumn: keyof ProtectionFlow & string;
  /** Column → its name in the result. */
  readonly names: Readonly<Record<string, string>>;
  /** A further condition of the join, with `AND` behind it. */
  readonly condition?: string;
}

const sources: readonly NameSource[] = [
  {
    alias: 's',
    table: 'replication_schedules',
    flowColumn: 'schedule_id',
    names: { name: 'schedule_name', cron_expression: 'schedule_cron' },
  },
  {
    alias: 'r',
    table: 'backup_repositories',
    flowColumn: 'repository_id',
    names: { name: 'repository_name' },
  },
  { alias: 'p', table: 'backup_policies', flowColumn: 'policy_id', names: { name: 'policy_name' } },
  {
    alias: 'v',
    table: 'vm_replication_contexts',
    key: 'context_id',
    flowColumn: 'target_id',
    names: { vm_name: 'vm_name' },
    condition: "f.target_type = 'vm' AND",
  },
  {
    alias: 'g',
    table: 'vm_machine_groups',
    flowColumn: 'target_id',
    names: { name: 'group_name' },
    condition: "f.target_type = 'group' AND",
  },
];

/**
 * SQL that adds names to a SELECT of `protection_flows f`: columns, each after a comma, and joins. Names of missing tables
 * are left out.
 */
export function nameJoins(columns: PlatformColumns) {
  const there = sources.filter(({ table, key = 'id', names }) =>
    [key, ...Object.keys(names)].every((column) => columns.has(`${table}.${column}`)),
  );
  const named = there.flatMap(({ alias, names }) =>
    Object.entries(names).map(([column, name]) => `, ${alias}.${column} AS ${name}`),
  );
  const joins = there.map(({ alias, table, key = 'id', flowColumn, condition }) => {
    const same = `${alias}.${key} = ${comparable(columns, flowColumn, `${table}.${key}`)}`;
    return `LEFT JOIN ${table} ${alias} ON ${condition ?? ''} ${same}`;
  });
  return { columns: named.join(''), joins: joins.join(' ') };
}

/** The names of the rows to which a flow refers; null if it refers to none, or the platform's table does not exist yet. */
export interface FlowNames {
  schedule_name: string | null;
  schedule_cron: string | null;
  repository_name: string | null;
  policy_name: string | null;
  /** The VM's or the group's name; null also if it was deleted. */
  target_name: string | null;
}

/** A flow with the names that the API and the web page show. */
export type FlowView = FlowRow & FlowNames;

/** Reads a row of a SELECT with {@link nameJoins}; a missing column is null. */
export function readFlowView(manager: EntityManager, row: RawRow): FlowView {
  const textOf = (column: string): string | null => (row[column] as string | null | undefined) ?? null;
  const view = rowReader(manager, ProtectionFlow).read(row) as ProtectionFlow & FlowNames;
  view.schedule_name = textOf('schedule_name');
  view.schedule_cron = textOf('schedule_cron');
  view.repository_name = textOf('repository_name');
  view.policy_name = textOf('policy_name');
  // Not COALESCE in the SELECT, because the collations of the two columns may not be comparable
  view.target_name = textOf('vm_name') ?? textOf('group_name');
  return view;
}
