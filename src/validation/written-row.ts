import type { EntityMetadata, ObjectLiteral, UpdateEvent } from 'typeorm';
import type { FieldFault } from '../errors';

/** What a statement is about to write into one row. */
export interface WrittenRow {
  /** Column → value, for every column that is given. */
  readonly values: Record<string, unknown>;
  /** The columns whose value is an SQL expression (`() => 'NOW()'`), which only the server can judge. */
  readonly leftToServer: Set<string>;
}

/** The columns that TypeORM will write for this object, whether they are given directly or as a relation (`{ id }`). */
export function writtenRow(metadata: EntityMetadata, entity: ObjectLiteral): WrittenRow {
  const row: WrittenRow = { values: {}, leftToServer: new Set() };
  for (const column of metadata.columns) {
    let value: unknown = column.getEntityValue(entity);
    if (value === undefined && column.relationMetadata?.getEntityValue(entity) === null) value = null;
    if (value === undefined) continue;
    if (typeof value === 'function') row.leftToServer.add(column.propertyName);
    else row.values[column.propertyName] = value;
  }
  return row;
}

/** The row without the columns that are not named. */
export function onlyColumns({ values, leftToServer }: WrittenRow, names: ReadonlySet<string>): WrittenRow {
  return {
    values: Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name))),
    leftToServer: new Set([...leftToServer].filter((name) => names.has(name))),
  };
}

/** The columns that `save()` found changed, the columns of changed relations among them. */
export function changedColumns(event: UpdateEvent<ObjectLiteral>): Set<string> {
  const ofRelations = event.updatedRelations.flatMap((relation) => relation.joinColumns);
  return new Set([...event.updatedColumns, ...ofRelations].map((column) => column.propertyName));
}

/**
 * References that are given twice and differently, as a column and as a relation. TypeORM would write the relation
 * and drop the column without a word. With the row as it is stored, a column that merely repeats the stored value counts
 * as not given.
 */
export function contradictions(
  metadata: EntityMetadata,
  entity: ObjectLiteral,
  stored?: ObjectLiteral,
): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const relation of metadata.manyToOneRelations) {
    const related: unknown = relation.getEntityValue(entity);
    for (const column of relation.joinColumns) {
      const field = column.propertyName;
      const given: unknown = entity[field];
      if (given === undefined || typeof related !== 'object' || related === null) continue;
      const relatedId: unknown = column.referencedColumn?.getEntityValue(related);
      if (relatedId === undefined || given === relatedId || (stored && given === stored[field])) continue;
      const sentence = `${field} and ${relation.propertyName} must not name two different rows`;
      faults.push({ field, constraints: { sameReference: sentence } });
    }
  }
  return faults;
}
