import { compareForeignKeys, compareTable } from '../schema/compare';
import { alterSql, dropForeignKeySql, foreignKeySql } from '../schema/ddl';
import { named, withTable, type Schema, type Table } from '../schema/shape';
import { describeOrphanMend, mendOrphansSql, orphansSql } from '../orphans/find-orphans';
import { quoteName } from '../server/queryable';
import type { Server } from '../server/server';
import type { Words } from '../server/names';
import { keyState } from '../steps/key-state';
import { note, statement, type RemedyPart } from '../steps/remedy';
import { fillParts } from './fill-rows';
import {
  declaredKeyOf,
  disturbedColumns,
  keyDecisions,
  keysInTheWay,
  takeOffKeys,
  withoutKeys,
  type KeyAt,
} from './keys';
import type { RepairTarget } from './repair';
import { createMissingTable, reshaped, statementsOf } from './reshape-table';
import { questionParts, rowQuestions } from './row-decisions';
import { prepareColumns, tableChanges, type Comments } from './table-changes';
import { objectDecisions, primaryKeySql, specialChoices } from './table-decisions';

/** The sections of the remedies, in the order in which they have to be carried out. */
const remedySections = [
  'tables',
  'columns',
  'indexes',
  'check-constraints',
  'foreign-keys',
  'key-compatibility',
  'orphans',
] as const;

export type RemedySection = (typeof remedySections)[number];

/** The remedy of each section; empty where nothing differs, or where an earlier section repairs it. */
export type Remedies = Readonly<Record<RemedySection, readonly RemedyPart[]>>;

/** What the remedies are planned from. */
export interface RemedyInput {
  readonly declared: Schema;
  readonly live: Schema;
  readonly server: Server;
  readonly words: Words;
  /** The comments of each live table's columns. */
  readonly comments: ReadonlyMap<string, Comments>;
  /** By the name of each view that has the name of a declared table: the base table behind it. */
  readonly behindViews: ReadonlyMap<string, string>;
  /** How many rows of each key, by name, have no parent. */
  readonly orphans: ReadonlyMap<string, number>;
}

const objectSections = [
  ['table', 'tables'],
  ['column', 'columns'],
  ['index', 'indexes'],
  ['check', 'check-constraints'],
] as const;

/**
 * Plans the repairs of adopt's survey as remedies to paste; needs no more than an account that only reads can see. Each
 * statement comes once, in an order that works. For a decision of the owner it takes the choice that loses least, and
 * notes what to look at first. Pure.
 */
export function planRemedies(input: RemedyInput): Remedies {
  return new RemedyPlan(input).plan();
}

class RemedyPlan {
  private readonly parts: Record<RemedySection, RemedyPart[]> = {
    tables: [],
    columns: [],
    indexes: [],
    'check-constraints': [],
    'foreign-keys': [],
    'key-compatibility': [],
    orphans: [],
  };
  /** The tables as the statements so far leave them. */
  private live: Schema;
  private takenOff: readonly KeyAt[] = [];
  private readonly created = new Set<string>();
  /** Keys whose orphans were dealt with. */
  private readonly withoutOrphans = new Set<string>();
  /** Statements that were printed to make a parent fit: two keys may need the same one. */
  private readonly printed = new Set<string>();

  constructor(private readonly input: RemedyInput) {
    this.live = input.live;
  }

  plan(): Remedies {
    const { parts } = this;
    const tables = [...this.input.declared.values()];
    for (const table of tables) this.makeOrdinary(table);
    this.takeKeysOff(tables);
    for (const table of tables) if (!this.created.has(table.name)) this.reshape(table);
    this.bringKeys(tables);
    for (const { name, foreignKeys } of tables)
      for (const key of foreignKeys) parts.orphans.push(...this.orphansOf({ table: name, key }));
    // While a table is missing verify skips the other checks, so the section `tables` has to print everything
    if (this.created.size > 0)
      for (const section of remedySections.slice(1)) parts.tables.push(...parts[section].splice(0));
    return parts;
  }

  private change(table: string, change: (table: Table) => Table): void {
    this.live = withTable(this.live, table, change);
  }

  /** Makes an ordinary table of that name; an empty one where the rows are nowhere. */
  private makeOrdinary(table: Table): void {
    const { declared, behindViews, server, words } = this.input;
    const { tables } = this.parts;
    const { name } = table;
    const found = this.live.get(name);
    if (found !== undefined && found.engine !== 'VIEW') {
      for (const { does, sql } of specialChoices(found))
        tables.push(note(`This ${does}.`), ...sql.map(statement));
      this.change(name, ({ special: _special, ...one }) => one);
      return;
    }
    if (found !== undefined) tables.push(statement(`DROP VIEW ${quoteName(name)}`));
    const step = createMissingTable(declared, table, []);
    const without = new Map([...this.live].filter(([other]) => other !== name));
    const behind = behindViews.get(name);
    if (behind !== undefined) {
      tables.push(statement(`RENAME TABLE ${quoteName(behind)} TO ${quoteName(name)}`));
      this.live = step.declare(without);
      this.change(name, (one) => ({ ...one, foreignKeys: table.foreignKeys }));
      return;
    }
    tables.push(
      note(
        `The rows of ${name} are gone: restore the table from a backup. Without a backup, create it empty:`,
      ),
      ...step.plan(without, server, words).map(({ sql }) => statement(sql)),
    );
    this.live = step.declare(without);
    this.created.add(name);
  }

  /** Drops the keys on columns that have to change. */
  private takeKeysOff(tables: readonly Table[]): void {
    const { declared, server, words } = this.input;
    const differences = tables.flatMap((table) => compareTable(declared, table, this.live));
    this.takenOff = keysInTheWay(this.live, [...declared.keys()], disturbedColumns(differences));
    const step = takeOffKeys(this.takenOff);
    this.parts.columns.push(...step.plan(this.live, server, words).map(({ sql }) => statement(sql)));
    this.live = step.declare(this.live);
  }

  /** Gives an existing table its declared shape. */
  private reshape(table: Table): void {
    const { declared, server, comments } = this.input;
    const { name } = table;
    const before = this.live.get(name);
    if (before === undefined) return;
    const { parts, found } = prepareColumns({ declared, table, live: this.live, found: before });
    this.parts.columns.push(...parts);
    this.live = new Map(this.live).set(name, found);
    const target: RepairTarget = { declared, table, live: this.live, found, server };
    const differences = compareTable(declared, table, this.live);
    const changes = tableChanges(target, differences, comments.get(name) ?? new Map());
    const questions = rowQuestions(target, new Set());
    const decisions = objectDecisions(target, differences);
    for (const [object, section] of objectSections) {
      const isColumn = object === 'column';
      const own = decisions.filter((one) => one.object === object);
      this.parts[section].push(
        ...(isColumn ? [...own.map(({ reason }) => note(reason)), ...fillParts(target, differences)] : []),
        ...questions.filter((one) => one.object === object).flatMap(questionParts),
        ...statementsOf(changes.filter((one) => one.differences[0]?.object === object)).map((some) =>
          statement(alterSql(name, ...some.map(({ clause }) => clause))),
        ),
        // After the declared objects exist: a key may have used the object that is dropped now
        ...(isColumn ? [] : own.flatMap(({ choices: [first] }) => (first?.sql ?? []).map(statement))),
      );
    }
    if (differences.some(({ object }) => object === 'primary-key'))
      this.parts.columns.push(statement(primaryKeySql(table, found)));
    this.live = new Map(this.live).set(name, reshaped(target));
  }

  /** Adds every declared key, and adds the undeclared keys again that were dropped for a column's change. */
  private bringKeys(tables: readonly Table[]): void {
    const { declared, server } = this.input;
    const before = this.takenOff.reduce(
      (all, { table, key }) =>
        withTable(all, table, (one) => ({ ...one, foreignKeys: [...one.foreignKeys, key] })),
      this.live,
    );
    const isAlike = tables.every((table) => compareForeignKeys(table, before).length === 0);
    const parts = this.parts[isAlike ? 'columns' : 'foreign-keys'];
    const away = tables.flatMap((table) => keyDecisions(table, before));
    for (const { table, name, choices } of away) {
      const isThere = named(this.live.get(table)?.foreignKeys ?? [], name) !== undefined;
      if (isThere) parts.push(...(choices[0]?.sql ?? []).map(statement));
      this.live = withoutKeys(this.live, table, (key) => key.name === name);
    }
    for (const { name: table, foreignKeys } of tables)
      for (const key of foreignKeys) {
        const obstacles = this.obstacles({ table, key });
        const added = this.added({ table, key });
        if (added.length === 0) this.parts['key-compatibility'].push(...obstacles);
        else parts.push(...obstacles, ...this.orphansOf({ table, key }), ...added);
      }
    for (const { table, key } of this.takenOff) {
      const own = declared.get(table);
      if (
        (own && declaredKeyOf(own, key)) ||
        away.some((one) => one.table === table && one.name === key.name)
      )
        continue;
      parts.push(statement(alterSql(table, `ADD ${foreignKeySql(key, server.flavour)}`)));
    }
  }

  /** Adds a key that is missing or has other rules. It must have no orphans by then: the server checks every row. */
  private added(at: KeyAt): RemedyPart[] {
    const { table, key } = at;
    const state = keyState(table, key, this.withFittingParent(at), { replacing: true });
    if (state.status !== 'to-add' || state.change.how === 'index-only') return [];
    const old = state.replaced;
    const drops = old.filter((name) => name !== key.name).map(dropForeignKeySql);
    const add = alterSql(table, `ADD ${foreignKeySql(key, this.input.server.flavour)}`, ...drops);
    return [
      ...(drops.length === 0
        ? []
        : [
            note(
              `Gives the key its declared name. ${this.input.words.command} migrate does so without blocking writers.`,
            ),
          ]),
      // No server drops a key and adds another of its name in one statement (1826)
      ...(old.includes(key.name) ? [statement(alterSql(table, dropForeignKeySql(key.name)))] : []),
      statement(add),
    ];
  }

  /** Remedies for what is wrong with a key's parent, unless all of them were printed before. */
  private obstacles({ table, key }: KeyAt): RemedyPart[] {
    if (!this.live.has(key.parentTable)) return [];
    const bare = withTable(this.live, table, (one) => ({ ...one, foreignKeys: [] }));
    const state = keyState(table, key, bare);
    const parts = state.status === 'refused' ? state.obstacles.flatMap((one) => one.parts) : [];
    const sql = parts.flatMap((part) => ('sql' in part ? [part.sql] : []));
    const isRepeated = sql.length > 0 && sql.every((one) => this.printed.has(one));
    for (const one of sql) this.printed.add(one);
    return isRepeated ? [] : parts;
  }

  /** The tables after a key's obstacles are removed. A view in the place of its parent is gone then. */
  private withFittingParent({ table, key }: KeyAt): Schema {
    const [column = '', parentColumn = ''] = [key.columns[0], key.parentColumns[0]];
    const child = named(this.live.get(table)?.columns ?? [], column);
    const parent = this.live.get(key.parentTable);
    if (
      parent === undefined ||
      child === undefined ||
      keyState(table, key, this.live, { replacing: true }).status !== 'refused'
    )
      return this.live;
    if (parent.engine === 'VIEW') return new Map([...this.live].filter(([name]) => name !== key.parentTable));
    return withTable(this.live, key.parentTable, ({ special: _special, ...one }) => ({
      ...one,
      engine: 'InnoDB',
      primaryKey: [parentColumn],
      columns: [{ ...child, name: parentColumn }, ...one.columns.filter(({ name }) => name !== parentColumn)],
    }));
  }

  /** True where a key has orphans, or will have some because its column or its parent table is created empty. */
  private hasOrphans({ table, key }: KeyAt): boolean {
    if (this.created.has(table)) return false;
    const columns = this.input.live.get(table)?.columns ?? [];
    const isNew = this.created.has(key.parentTable) || named(columns, key.columns[0]) === undefined;
    return isNew || (this.input.orphans.get(key.name) ?? 0) > 0;
  }

  private orphansOf(at: KeyAt): RemedyPart[] {
    const { table, key } = at;
    const child = this.live.get(table);
    const isOpen =
      this.live.has(key.parentTable) && !this.withoutOrphans.has(key.name) && this.hasOrphans(at);
    if (child === undefined || !isOpen) return [];
    this.withoutOrphans.add(key.name);
    return [
      note(describeOrphanMend(table, key)),
      note(`To look first: ${orphansSql(child, key, this.live)}`),
      ...mendOrphansSql(child, key, this.live).map(statement),
    ];
  }
}
