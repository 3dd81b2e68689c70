import { ProtectionFlow, type FlowRow } from '../../entities';
import { comparable, type PlatformColumns } from '../platform-columns';
import type { EntityManager } from 'typeorm';
import { rowReader, type RawRow } from '../row-reader';

/** One table of the platform that knows a name. */
interface NameSource {
  readonly alias: string;
  readonly table: string;
  readonly key: string;
  readonly flowColumn: keyof ProtectionFlow & string;
  /** Column → its name in the result. */
  readonly names: Readonly<Record<string, string>>;
  /** What else must hold for a row to be the one that is meant. */
  readonly condition?: string;
}

const sources: readonly NameSource[] = [
  {
    alias: 's',
    table: 'replication_schedules',
    key: 'id',
    flowColumn: 'schedule_id',
    names: { name: 'schedule_name', cron_expression: 'schedule_cron' },
  },
  {
    alias: 'r',
    table: 'backup_repositories',
    key: 'id',
    flowColumn: 'repository_id',
    names: { name: 'repository_name' },
  },
  {
    alias: 'p',
    table: 'backup_policies',
    key: 'id',
    flowColumn: 'policy_id',
    names: { name: 'policy_name' },
  },
  {
    alias: 'v',
    table: 'vm_replication_contexts',
    key: 'context_id',
    flowColumn: 'target_id',
    names: { vm_name: 'vm_name' },
    condition: "f.target_type = 'vm'",
  },
  {
    alias: 'g',
    table: 'vm_machine_groups',
    key: 'id',
    flowColumn: 'target_id',
    names: { name: 'group_name' },
    condition: "f.target_type = 'group'",
  },
];

/** SQL that brings the names of what flows refer to into a SELECT of `protection_flows f`. */
interface NameJoins {
  /** To follow the flow's columns: empty, or with a comma in front. */
  readonly columns: string;
  readonly joins: string;
}

const made = new WeakMap<PlatformColumns, NameJoins>();

/** The joins to the platform's tables that are there; a table that is not leaves its names out. Made once a catalog. */
export function nameJoins(columns: PlatformColumns): NameJoins {
  const joins = made.get(columns) ?? joinsOf(columns);
  made.set(columns, joins);
  return joins;
}

function joinsOf(columns: PlatformColumns): NameJoins {
  const there = sources.filter(({ table, key, names }) =>
    [key, ...Object.keys(names)].every((column) => columns.has(`${table}.${column}`)),
  );
  return {
    columns: there
      .flatMap(({ alias, names }) =>
        Object.entries(names).map(([column, name]) => `, ${alias}.${column} AS ${name}`),
      )
      .join(''),
    joins: there
      .map(({ alias, table, key, flowColumn, condition }) => {
        const same = `${alias}.${key} = ${comparable(columns, flowColumn, `${table}.${key}`)}`;
        return `LEFT JOIN ${table} ${alias} ON ${condition === undefined ? '' : `${condition} AND `}${same}`;
      })
      .join(' '),
  };
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

/** Of a column that may be left out of the SELECT. */
const textOf = (value: unknown): string | null => (value as string | null | undefined) ?? null;

/** A row of a SELECT with {@link nameColumns} as a view. */
export function readFlowView(manager: EntityManager, row: RawRow): FlowView {
  const view = rowReader(manager, ProtectionFlow).read(row) as ProtectionFlow & FlowNames;
  view.schedule_name = textOf(row['schedule_name']);
  view.schedule_cron = textOf(row['schedule_cron']);
  view.repository_name = textOf(row['repository_name']);
  view.policy_name = textOf(row['policy_name']);
  // Not COALESCE in the SELECT: the two columns may have collations that don't go together
  view.target_name = textOf(row['vm_name']) ?? textOf(row['group_name']);
  return view;
}
