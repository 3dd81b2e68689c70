import type { Column, ForeignKey, Index, Table } from '../../src/engine/schema/shape';
import type { Step } from '../../src/engine/steps/step';
import { addColumn, changeColumn, appendEnumValues } from '../../src/engine/steps/columns';
import { addForeignKey } from '../../src/engine/steps/add-foreign-key';
import { addIndex, dropIndex, replaceIndex } from '../../src/engine/steps/indexes';
import { createTable } from '../../src/engine/steps/create-table';

/** One change of the schema that a step can make without losing anything. */
export type Change =
  | { readonly kind: 'create-table'; readonly table: Table }
  | { readonly kind: 'add-column'; readonly table: string; readonly column: Column }
  | {
      readonly kind: 'change-column';
      readonly table: string;
      readonly before: Column;
      readonly after: Column;
    }
  | {
      readonly kind: 'append-enum-values';
      readonly table: string;
      readonly column: string;
      readonly from: readonly string[];
      readonly add: readonly string[];
    }
  | { readonly kind: 'add-index'; readonly table: string; readonly index: Index }
  | { readonly kind: 'replace-index'; readonly table: string; readonly before: Index; readonly after: Index }
  | { readonly kind: 'drop-index'; readonly table: string; readonly index: Index }
  | {
      readonly kind: 'add-foreign-key';
      readonly table: string;
      readonly key: ForeignKey;
      /** The index that the key lives on. */
      readonly index: Index;
    };

/** A difference that no step is generated for, with the reason and the way out. */
export interface Refusal {
  /** What differs: `column protection_flows.name`. */
  readonly object: string;
  readonly because: string;
  readonly instead: string;
}

/** How two schemas differ. */
export interface SchemaChanges {
  /** In the order in which they are to be made. */
  readonly changes: readonly Change[];
  readonly refusals: readonly Refusal[];
  /** What the developer should look at, because TypeORM can't say it. */
  readonly hints: readonly string[];
}

/** What a part of the comparison adds to. */
export interface Findings {
  readonly changes: Change[];
  readonly refusals: Refusal[];
  readonly hints: string[];
}

/** The step that makes a change. */
export function stepOf(change: Change): Step {
  switch (change.kind) {
    case 'create-table':
      return createTable(change.table);
    case 'add-column':
      return addColumn(change.table, change.column);
    case 'change-column':
      return changeColumn(change.table, change.before, change.after);
    case 'append-enum-values':
      return appendEnumValues(change.table, change.column, { from: change.from, add: change.add });
    case 'add-index':
      return addIndex(change.table, change.index);
    case 'replace-index':
      return replaceIndex(change.table, change.before, change.after);
    case 'drop-index':
      return dropIndex(change.table, change.index);
    case 'add-foreign-key':
      return addForeignKey(change.table, change.key, change.index);
  }
}
