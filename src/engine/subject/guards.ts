import { unique } from '../schema/declare';
import type { ProbeValues } from './probes';
import { withTable, type Schema } from '../schema/shape';

/** An invisible column that the server computes, and the unique index on it: no two rows may have the same value. */
export interface GuardColumn {
  readonly table: string;
  readonly name: string;
  /** As in a declaration: `varchar(64)`. */
  readonly type: string;
  /** What it is computed from, as SQL; NULL for the rows that may be there any number of times. */
  readonly expression: string;
  /** The name of the unique index. */
  readonly index: string;
  /** What makes a row one of those that may be there once; verify tries two of them. */
  readonly row: ProbeValues;
  /** How rows that share a value come to differ: what is done in one sentence, and the statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** A trigger. */
export interface GuardTrigger {
  readonly table: string;
  /** Unique in the database. */
  readonly name: string;
  readonly when: `${'BEFORE' | 'AFTER'} ${'INSERT' | 'UPDATE' | 'DELETE'}`;
  /** Its statement: `BEGIN … END`. */
  readonly body: string;
}

/**
 * What may be added to a subject's tables so that programs which know nothing of it can write them without harm. They
 * are no part of the declared schema: somebody installs them, and removes them.
 */
export interface Guards {
  /** The user variable that is not NULL in the subject's own sessions, which the triggers let through: `@shop_writer`. */
  readonly mark: string;
  readonly columns: readonly GuardColumn[];
  /** In the order in which they are made; taken off the other way round. */
  readonly triggers: readonly GuardTrigger[];
}

/** The tables that guards are put on. */
export const guardedTables = ({ columns, triggers }: Guards): string[] => [
  ...new Set([...triggers, ...columns].map(({ table }) => table)),
];

/** The declared schema, in which the indexes of the guards are no fault where they are there. */
export function allowingGuards(schema: Schema, guards: Guards | undefined): Schema {
  return (guards?.columns ?? []).reduce(
    (all, { table, index, name }) =>
      withTable(all, table, (shape) => ({
        ...shape,
        allowed: [...(shape.allowed ?? []), unique(index, name)],
      })),
    schema,
  );
}
