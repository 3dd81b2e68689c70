import { compareForeignKeys, doTheSame, type Difference } from '../schema/compare';
import { alterSql, createTableSql, dropForeignKeySql, expectedText, foreignKeySql } from '../schema/ddl';
import { keyState, unprovenName } from '../steps/key-state';
import { mendColumn, relaxColumn } from './mend-columns';
import { differencesOf, mendChecks, mendIndexes, mendTableSettings, type MendTarget } from './mend-objects';
import { describeOrphanMend, mendOrphansSql, orphansSql } from '../orphans/find-orphans';
import { quoteName } from '../server/queryable';
import { note, partsOf, statement, type RemedyPart } from '../steps/remedy';
import type { Flavour } from '../server/server';
import { named, withTable, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';

/** The sections of a mending plan, in the order in which they are to be executed. */
export const mendingSections = [
  'tables',
  'columns',
  'indexes',
  'check-constraints',
  'foreign-keys',
  'key-compatibility',
  'orphans',
] as const;

export type MendingSection = (typeof mendingSections)[number];

/** The remedy of each section; empty where there is nothing to mend, or an earlier section mends it. */
export type MendingPlan = Readonly<Record<MendingSection, readonly RemedyPart[]>>;

/** What a mending plan starts from. */
export interface MendingInput {
  readonly declared: Schema;
  readonly live: Schema;
  readonly flavour: Flavour;
  /** The base table behind a view that has the name of one of our tables. */
  readonly behindViews: ReadonlyMap<string, string>;
  /** How many rows of each key, by name, have no parent. */
  readonly orphans: ReadonlyMap<string, number>;
}

interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
}

/** A declared table as it is once created: every column with its charset and collation, no keys yet. */
function settled(declared: Schema, table: Table, live: Schema): Table {
  const columns = table.columns.map((column): Column => ({
    ...column,
    ...(expectedText(declared, table, column, live) ?? {}),
  }));
  return { ...table, columns, foreignKeys: [] };
}

/** True where the server lets the change of a column happen only without the keys at it. */
const disturbsKeys = ({ property }: Difference): boolean =>
  ['type', 'charset', 'collation', 'nullable', 'extra'].includes(property);

/**
 * Works out what brings the live tables to the declared schema, every statement once, in an order that works: a key
 * is taken off before its columns change and put back after its orphans are dealt with. Pure.
 */
export function planMending(input: MendingInput): MendingPlan {
  return new Planner(input).plan();
}

class Planner {
  private readonly parts: Record<MendingSection, RemedyPart[]> = {
    tables: [],
    columns: [],
    indexes: [],
    'check-constraints': [],
    'foreign-keys': [],
    'key-compatibility': [],
    orphans: [],
  };
  private live: Schema;
  private readonly dropped: KeyAt[] = [];
  private readonly mendedOrphans = new Set<string>();
  private readonly created = new Set<string>();
  /** What was printed to make a parent fit: two keys may need the same. */
  private readonly clearedAway = new Set<string>();

  constructor(private readonly input: MendingInput) {
    this.live = input.live;
  }

  plan(): MendingPlan {
    const { declared, flavour } = this.input;
    for (const table of declared.values()) this.mendTable(table);
    for (const table of declared.values()) this.takeKeysOff(table);
    for (const table of declared.values()) this.mendColumns(table);
    for (const table of declared.values()) {
      this.parts.indexes.push(...mendIndexes(this.target(table), flavour));
      this.parts['check-constraints'].push(...mendChecks(this.target(table), flavour));
    }
    this.mendKeys();
    this.mendOrphans();
    // Without one of the tables the other checks do not run: all is said where the table is missed
    if (this.created.size > 0) {
      for (const section of mendingSections.slice(1))
        this.parts.tables.push(...this.parts[section].splice(0));
    }
    return this.parts;
  }

  private target(table: Table): MendTarget {
    return { declared: this.input.declared, table, live: this.live };
  }

  private differences(table: Table, object: Difference['object']): Difference[] {
    return differencesOf(this.target(table), object);
  }

  private mendTable(table: Table): void {
    const { declared, behindViews } = this.input;
    const { tables } = this.parts;
    const found = this.live.get(table.name);
    if (found === undefined || found.engine === 'VIEW') {
      const behind = behindViews.get(table.name);
      if (found !== undefined) tables.push(statement(`DROP VIEW ${quoteName(table.name)}`));
      if (behind !== undefined) {
        tables.push(statement(`RENAME TABLE ${quoteName(behind)} TO ${quoteName(table.name)}`));
        this.live = new Map(this.live).set(table.name, declared.get(table.name) ?? table);
        return;
      }
      const text = (column: Column) => expectedText(declared, table, column, this.live);
      tables.push(
        note(`The rows of ${table.name} are gone: rather restore it from a backup. Else, empty:`),
        statement(createTableSql(table, text)),
      );
      this.created.add(table.name);
      this.live = new Map(this.live).set(table.name, settled(declared, table, this.live));
      return;
    }
    tables.push(...mendTableSettings(this.target(table)));
  }

  /** Drops the keys at columns that are to change. */
  private takeKeysOff(table: Table): void {
    const changing = this.differences(table, 'column').filter(
      (one) => one.actual !== null && one.expected !== null && disturbsKeys(one),
    );
    const columns = new Set(changing.map((one) => one.name));
    if (this.differences(table, 'primary-key').length > 0)
      for (const name of table.primaryKey) columns.add(name);
    for (const [child, { foreignKeys }] of this.live) {
      if (!this.input.declared.has(child)) continue;
      for (const key of foreignKeys) {
        const touches =
          (child === table.name && key.columns.some((column) => columns.has(column))) ||
          (key.parentTable === table.name && key.parentColumns.some((column) => columns.has(column)));
        if (!touches || this.dropped.some((one) => one.key.name === key.name && one.table === child))
          continue;
        this.dropKey('columns', { table: child, key });
      }
    }
  }

  private dropKey(section: MendingSection, at: KeyAt): void {
    this.parts[section].push(statement(alterSql(at.table, dropForeignKeySql(at.key.name))));
    if (section === 'columns') this.dropped.push(at);
    this.live = withTable(this.live, at.table, (table) => ({
      ...table,
      foreignKeys: table.foreignKeys.filter((key) => key.name !== at.key.name),
    }));
  }

  private mendColumns(table: Table): void {
    const { declared } = this.input;
    const { columns } = this.parts;
    const found = this.live.get(table.name);
    if (found === undefined) return;
    for (const name of new Set(this.differences(table, 'column').map((one) => one.name))) {
      const [wanted, live] = [named(table.columns, name), named(found.columns, name)];
      if (wanted === undefined) {
        if (live !== undefined) columns.push(relaxColumn(table.name, live));
        continue;
      }
      const text = expectedText(declared, table, wanted, this.live);
      columns.push(...mendColumn({ table, declared: wanted, text, live: live ?? null }));
    }
    if (this.differences(table, 'primary-key').length > 0) {
      const drop = found.primaryKey.length === 0 ? [] : ['DROP PRIMARY KEY'];
      const add = `ADD PRIMARY KEY (${table.primaryKey.map(quoteName).join(', ')})`;
      columns.push(statement(alterSql(table.name, ...drop, add)));
    }
    const { columns: mended } = settled(declared, table, this.live);
    this.live = withTable(this.live, table.name, (before) => ({
      ...before,
      ...{ engine: table.engine, charset: table.charset, collation: table.collation },
      special: undefined,
      rowFormat: undefined,
      primaryKey: table.primaryKey,
      columns: [...mended, ...before.columns.filter((column) => !named(mended, column.name))],
      indexes: before.indexes.filter(
        (index) =>
          !index.columns.some((part) => /virtual/.test(named(found.columns, part.name)?.extra ?? '')),
      ),
    }));
  }

  /** Puts back the keys that were taken off, and adds, replaces and drops as declared. */
  private mendKeys(): void {
    const toAdd: KeyAt[] = [];
    let differ = false;
    for (const table of this.input.declared.values()) {
      // As they were before any was taken off: what is only in the way of a column is right as it is
      const before = withTable(this.live, table.name, (one) => ({
        ...one,
        foreignKeys: [
          ...one.foreignKeys,
          ...this.dropped.filter((at) => at.table === table.name).map(({ key }) => key),
        ],
      }));
      for (const name of new Set(compareForeignKeys(table, before).map((one) => one.name))) {
        differ = true;
        const found = named(this.live.get(table.name)?.foreignKeys ?? [], name);
        if (found !== undefined) this.dropKey('foreign-keys', { table: table.name, key: found });
        const key = named(table.foreignKeys, name);
        const at = this.dropped.findIndex((one) => one.key.name === name && one.table === table.name);
        if (at >= 0) this.dropped.splice(at, 1);
        if (key !== undefined && this.live.has(key.parentTable)) toAdd.push({ table: table.name, key });
      }
    }
    const section = differ ? 'foreign-keys' : 'columns';
    for (const at of [...this.dropped, ...toAdd]) this.addKey(section, at);
    for (const table of this.input.declared.values()) {
      for (const key of table.foreignKeys) {
        const isAdded = [...this.dropped, ...toAdd].some((at) => at.key.name === key.name);
        if (!isAdded) this.parts['key-compatibility'].push(...this.obstacles({ table: table.name, key }));
      }
    }
  }

  /** What stands in the way of a key when our own table is as declared: something about its parent. */
  private obstacles({ table, key }: KeyAt): RemedyPart[] {
    if (!this.live.has(key.parentTable)) return [];
    const bare = withTable(this.live, table, (one) => ({ ...one, foreignKeys: [] }));
    const state = keyState(table, key, bare);
    const parts = state.status === 'refused' ? partsOf(state.obstacle.remedy) : [];
    const isNew = parts.some((part) => 'sql' in part && !this.clearedAway.has(part.sql));
    for (const part of parts) if ('sql' in part) this.clearedAway.add(part.sql);
    return isNew || !parts.some((part) => 'sql' in part) ? parts : [];
  }

  private addKey(section: MendingSection, at: KeyAt): void {
    const { flavour } = this.input;
    const twins = (this.live.get(at.table)?.foreignKeys ?? []).filter(
      (one) => one.name === unprovenName(at.key) || (one.name !== at.key.name && doTheSame(at.key, one)),
    );
    const drop = twins.map(({ name }) => dropForeignKeySql(name));
    this.parts[section].push(
      ...this.obstacles(at),
      ...this.orphansOf(at),
      ...(twins.length === 0
        ? []
        : [note('Gives it the declared name. protection-flows migrate does so without holding up writers.')]),
      statement(alterSql(at.table, `ADD ${foreignKeySql(at.key, flavour)}`, ...drop)),
    );
  }

  /** True where a key has orphans, or will have: its column or its parent table is made anew. */
  private hasOrphans({ table, key }: KeyAt): boolean {
    if (this.created.has(table)) return false;
    const columns = this.input.live.get(table)?.columns ?? [];
    const isNew = this.created.has(key.parentTable) || named(columns, key.columns[0] ?? '') === undefined;
    return isNew || (this.input.orphans.get(key.name) ?? 0) > 0;
  }

  private orphansOf(at: KeyAt): RemedyPart[] {
    const { table, key } = at;
    const child = this.live.get(table);
    if (child === undefined || this.mendedOrphans.has(key.name) || !this.hasOrphans(at)) return [];
    this.mendedOrphans.add(key.name);
    return [
      note(describeOrphanMend(table, key)),
      note(`To look first: ${orphansSql(child, key, this.live)}`),
      ...mendOrphansSql(child, key, this.live).map(statement),
    ];
  }

  private mendOrphans(): void {
    for (const { name, foreignKeys } of this.input.declared.values()) {
      for (const key of foreignKeys) {
        if (this.live.has(key.parentTable)) this.parts.orphans.push(...this.orphansOf({ table: name, key }));
      }
    }
  }
}
