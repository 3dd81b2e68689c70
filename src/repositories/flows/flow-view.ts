import { ProtectionFlow, type FlowRow } from '../../entities';
import { comparable, type PlatformColumns } from '../platform-columns';
import type { EntityManager } from 'typeorm';
import { rowReader, type RawRow } from '../row-reader';

/** One table of the platform that knows names: column → its name in the result. */
interface NameSource {
  readonly alias: string;
  readonly table: string;
  /** Default: `id`. */
  readonly key?: string;
  readonly flowColumn: keyof ProtectionFlow & string;
  readonly names: Readonly<Record<string, string>>;
  /** What else must hold for a row to be the one that is meant, and `AND`. */
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

const made = new WeakMap<PlatformColumns, ReturnType<typeof joinsOf>>();

/** The joins to the platform's tables that are there; a table that is not leaves its names out. Made once a catalog. */
export function nameJoins(columns: PlatformColumns) {
  const joins = made.get(columns) ?? joinsOf(columns);
  made.set(columns, joins);
  return joins;
}

/** SQL that brings the names into a SELECT of `protection_flows f`: columns to follow the flow's, each with a comma in front, and joins. */
function joinsOf(columns: PlatformColumns) {
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

/** The names of what a flow refers to; null where it refers to nothing, or the platform has no such table (yet). */
export interface FlowNames {
  schedule_name: string | null;
  schedule_cron: string | null;
  repository_name: string | null;
  policy_name: string | null;
  /** The VM's or the group's name; null also where it is gone. */
  target_name: string | null;
}

/** A flow as the API and the web page show it. */
export type FlowView = FlowRow & FlowNames;

/** A row of a SELECT with {@link nameJoins} as a view; a column may have been left out of it. */
export function readFlowView(manager: EntityManager, row: RawRow): FlowView {
  const textOf = (column: string): string | null => (row[column] as string | null | undefined) ?? null;
  const view = rowReader(manager, ProtectionFlow).read(row) as ProtectionFlow & FlowNames;
  view.schedule_name = textOf('schedule_name');
  view.schedule_cron = textOf('schedule_cron');
  view.repository_name = textOf('repository_name');
  view.policy_name = textOf('policy_name');
  // Not COALESCE in the SELECT: the two columns may have collations that don't go together
  view.target_name = textOf('vm_name') ?? textOf('group_name');
  return view;
}
