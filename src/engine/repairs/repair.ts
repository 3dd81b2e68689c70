import type { DifferentObject, Difference } from '../schema/compare';
import type { Server } from '../server/server';
import type { Schema, Table } from '../schema/shape';
import type { Step } from '../steps/step';

/** A step that gives something live its declared shape, with the differences that it ends. */
export interface Repair extends Step {
  readonly differences: readonly Difference[];
  /** How many rows it writes; 0 where it changes the definition alone. */
  readonly rows: number;
}

/** One of the owner's choices in a decision. */
export interface Choice {
  /** What it does, in words. */
  readonly does: string;
  /** Statements without semicolons, in order. */
  readonly sql: readonly string[];
}

/** Something about hand-made tables that only their owner can decide. Adopt carries out none of its choices. */
export interface Decision {
  readonly table: string;
  readonly object: DifferentObject;
  readonly name: string;
  readonly differences: readonly Difference[];
  /** How many rows it is about; null where it is not about rows. */
  readonly rows: number | null;
  readonly reason: string;
  /** The SELECT that shows those rows; null where there is nothing to show. */
  readonly look: string | null;
  readonly choices: readonly Choice[];
}

/** A decision that is not about rows. */
export const decisionOn = (
  at: Pick<Decision, 'table' | 'object' | 'name' | 'differences'>,
  reason: string,
  ...choices: readonly Choice[]
): Decision => ({ ...at, rows: null, reason, look: null, choices });

/** A declared table, and the live one that has to become like it. */
export interface RepairTarget {
  readonly declared: Schema;
  readonly table: Table;
  /** The live tables, with the parents of foreign keys. */
  readonly live: Schema;
  readonly found: Table;
  readonly server: Server;
}

/** One change of a table's definition. */
export interface TableChange {
  /** What follows ALTER TABLE and the table's name. */
  readonly clause: string;
  /** In words, as in "this server can … only by copying". */
  readonly what: string;
  /** Whether the server is expected to copy the table for it. */
  readonly copies: boolean;
  /** True where it adds a column: MySQL with a binary log refuses that beside a column with DEFAULT (uuid()) (1674). */
  readonly addsColumn?: boolean;
  readonly differences: readonly Difference[];
}

/** Names an object within its table: `column name`. */
export const objectOf = ({ object, name }: Pick<Difference, 'object' | 'name'>): string =>
  `${object} ${name}`;

/** Differences by object, in the order they came. */
export function byObject(differences: readonly Difference[]): Map<string, Difference[]> {
  const groups = new Map<string, Difference[]>();
  for (const one of differences) groups.set(objectOf(one), [...(groups.get(objectOf(one)) ?? []), one]);
  return groups;
}
