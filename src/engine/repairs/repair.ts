import type { DifferentObject, Difference } from '../schema/compare';
import type { Server } from '../server/server';
import type { Schema, Table } from '../schema/shape';
import type { Step } from '../steps/step';

/** A step that brings something live to its declared shape, with the differences that it ends. */
export interface Repair extends Step {
  readonly differences: readonly Difference[];
  /** How many rows it writes; 0 where it changes the definition alone. */
  readonly rows: number;
}

/** One of several ways out. */
export interface Choice {
  /** What it does, in words. */
  readonly does: string;
  /** Statements without semicolons, in order. */
  readonly sql: readonly string[];
}

/** Something about hand-made tables that nobody but their owner can decide. Never carried out. */
export interface Decision {
  readonly table: string;
  readonly object: DifferentObject;
  readonly name: string;
  readonly differences: readonly Difference[];
  /** How many rows it is about; null where it is not about rows. */
  readonly rows: number | null;
  readonly reason: string;
  /** The SELECT that shows those rows. */
  readonly look: string | null;
  readonly choices: readonly Choice[];
}

/** A decision about what an object is, not about rows. */
export const decisionOn = (
  at: Pick<Decision, 'table' | 'object' | 'name' | 'differences'>,
  reason: string,
  ...choices: readonly Choice[]
): Decision => ({ ...at, rows: null, reason, look: null, choices });

/** A declared table, and the live one that is to become it. */
export interface RepairTarget {
  readonly declared: Schema;
  readonly table: Table;
  /** The live tables, parents of foreign keys among them. */
  readonly live: Schema;
  readonly found: Table;
  readonly server: Server;
}

/** One change of a table's definition. */
export interface TableChange {
  /** What follows ALTER TABLE and the table's name. */
  readonly clause: string;
  /** In words, to be put after "this server can … only by copying". */
  readonly what: string;
  /** Whether the server is expected to copy the table for it. */
  readonly copies: boolean;
  /** True where it adds a column: MySQL with a binary log refuses that beside a column with DEFAULT (uuid()) (1674). */
  readonly addsColumn?: boolean;
  readonly differences: readonly Difference[];
}

/** What tells an object of one table from another: `column name`. */
export const objectOf = ({ object, name }: Pick<Difference, 'object' | 'name'>): string =>
  `${object} ${name}`;

/** Differences by object, in the order they came. */
export function byObject(differences: readonly Difference[]): Map<string, Difference[]> {
  const groups = new Map<string, Difference[]>();
  for (const one of differences) groups.set(objectOf(one), [...(groups.get(objectOf(one)) ?? []), one]);
  return groups;
}
