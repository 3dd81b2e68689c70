import {
  EventSubscriber,
  type EntityMetadata,
  type EntitySubscriberInterface,
  type InsertEvent,
  type ObjectLiteral,
  type QueryRunner,
  type UpdateEvent,
} from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { validationFailed, type FieldFault, type ProtectionFlowsError } from '../errors';
import { fieldFaults, mergeFaults, validatedEntities, type ValidatedEntity } from './validate';

/** The faults of one row that a statement is about to write. */
interface JudgedRow {
  readonly entity: string;
  readonly faults: readonly FieldFault[];
}

/** At most this many wrong rows are named in one error: a thousand would only hide the first. */
const maxRowsNamed = 20;

function inRow(row: number, { field, constraints }: FieldFault): FieldFault {
  const sentences = Object.entries(constraints).map(([rule, text]) => [rule, `row ${row}: ${text}`]);
  return { field, constraints: Object.fromEntries(sentences) as Record<string, string>, row };
}

/** Makes the error for the rows of one statement, of which at least one is wrong. */
function errorOfRows(rows: readonly JudgedRow[]): ProtectionFlowsError {
  const wrong = rows.filter((row) => row.faults.length > 0);
  const { entity } = wrong[0]!;
  const fields = wrong
    .filter((row) => row.entity === entity)
    .slice(0, maxRowsNamed)
    .flatMap((row) =>
      rows.length === 1 ? row.faults : row.faults.map((fault) => inRow(rows.indexOf(row) + 1, fault)),
    );
  return validationFailed(entity, fields);
}

/**
 * Collects the rows of one statement. TypeORM calls the subscriber for each row within one turn of the event loop, then
 * waits for all the promises. So a verdict one turn later knows every row.
 */
class StatementFaults {
  private readonly pending = new WeakMap<QueryRunner, { rows: JudgedRow[]; verdict: Promise<void> }>();

  /**
   * @returns resolves when the row may be written
   * @throws VALIDATION_FAILED if this row is wrong, naming every wrong field of every row of the statement. A row that is
   *   right never fails for another: it may belong to another statement on the same connection
   */
  add(queryRunner: QueryRunner, row: JudgedRow): Promise<void> {
    const { rows, verdict } = this.pending.get(queryRunner) ?? {
      rows: [],
      verdict: Promise.resolve().then(() => void this.pending.delete(queryRunner)),
    };
    this.pending.set(queryRunner, { rows, verdict });
    rows.push(row);
    const judged = verdict.then(() => {
      if (row.faults.length > 0) throw errorOfRows(rows);
    });
    // If another subscriber throws first, TypeORM never waits for this promise: its rejection must not end the process
    judged.catch(() => undefined);
    return judged;
  }
}

/** The columns that a statement is about to write into one row. */
interface WrittenRow {
  /** Column → value, for every given column. */
  readonly values: Record<string, unknown>;
  /** The columns whose value is an SQL expression (`() => 'NOW()'`), which only the server can check. */
  readonly leftToServer: Set<string>;
}

/** Returns the columns that TypeORM will write for this object, given directly or as a relation (`{ id }`). */
function writtenRow(metadata: EntityMetadata, entity: ObjectLiteral): WrittenRow {
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

/** Returns the named columns of the row. */
function onlyColumns({ values, leftToServer }: WrittenRow, names: ReadonlySet<string>): WrittenRow {
  return {
    values: Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name))),
    leftToServer: new Set([...leftToServer].filter((name) => names.has(name))),
  };
}

/** Returns the columns that `save()` found changed, including the columns of changed relations. */
function changedColumns(event: UpdateEvent<ObjectLiteral>): Set<string> {
  const ofRelations = event.updatedRelations.flatMap((relation) => relation.joinColumns);
  return new Set([...event.updatedColumns, ...ofRelations].map((column) => column.propertyName));
}

/**
 * Finds references whose column and relation contradict each other. TypeORM would write the relation and silently ignore
 * the column. If the stored row is known, a column with the stored value counts as not given.
 */
function contradictions(
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

function rulesOf(metadata: EntityMetadata): ValidatedEntity | undefined {
  const { target } = metadata;
  if (typeof target !== 'function') return undefined;
  return validatedEntities.find(
    (entity) => target === entity.target || target.prototype instanceof entity.target,
  );
}

/**
 * Checks flows and executions before they are written, and gives new rows their ids. It applies to `save`, `insert`,
 * `update`, `upsert` and query builders, with entities or plain objects.
 *
 * It does not apply to raw SQL, `callListeners(false)`, `save(…, { listeners: false })` and INSERT … SELECT. There the
 * database's constraints decide, and `fromServerError` gives their errors the same form.
 */
@EventSubscriber()
export class ProtectionFlowsSubscriber implements EntitySubscriberInterface<ObjectLiteral> {
  private readonly statements = new StatementFaults();

  /**
   * Assigns a UUIDv7 if the id is missing, then checks the whole row.
   *
   * @throws VALIDATION_FAILED, naming every wrong field of every row of the statement
   */
  beforeInsert({ metadata, entity, queryRunner }: InsertEvent<ObjectLiteral>): Promise<void> | void {
    const rules = rulesOf(metadata);
    // An insert that a cascade made from a relation alone has no entity
    if (!rules || !entity) return;
    entity.id ??= uuidv7();
    const { values, leftToServer } = writtenRow(metadata, entity);
    const faults = mergeFaults(
      fieldFaults(rules, values, 'insert', leftToServer),
      rules.rowFaults(values, { complete: true }).filter(({ field }) => !leftToServer.has(field)),
      contradictions(metadata, entity),
    );
    return this.statements.add(queryRunner, { entity: rules.name, faults });
  }

  /**
   * Checks the written columns. With `save()` the stored row is known, so the rule across columns is always applied. With
   * `update()` only the given columns are known; if they do not decide the rule, the database's CHECK does.
   *
   * @throws VALIDATION_FAILED, naming every wrong field
   */
  beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | void {
    const { metadata, entity, databaseEntity, queryRunner } = event;
    const rules = rulesOf(metadata);
    if (!rules || !entity) return;
    const given = writtenRow(metadata, entity);
    // Columns that save() doesn't write aren't checked: an older program may have stored a value that is wrong now
    const row = databaseEntity ? onlyColumns(given, changedColumns(event)) : given;
    const stored = (databaseEntity ?? {}) as ObjectLiteral;
    const faults = mergeFaults(
      fieldFaults(rules, row.values, 'update', row.leftToServer),
      rules
        .rowFaults({ ...stored, ...row.values }, { complete: false })
        .filter(({ field }) => !row.leftToServer.has(field) && !row.leftToServer.has('flow_type')),
      contradictions(metadata, entity, databaseEntity),
    );
    return this.statements.add(queryRunner, { entity: rules.name, faults });
  }

  /**
   * Converts the values that TypeORM copied onto the object from MariaDB's INSERT … RETURNING. TypeORM copies them as the
   * driver returns them (`enabled: 1`, `bytes_transferred: '0'`); reading the row would give the converted ones.
   */
  afterInsert({ metadata, entity, manager }: InsertEvent<ObjectLiteral>): void {
    if (!rulesOf(metadata) || !entity) return;
    for (const column of metadata.getInsertionReturningColumns()) {
      const value: unknown = column.getEntityValue(entity);
      if (value === undefined || typeof value === 'function') continue;
      column.setEntityValue(entity, manager.connection.driver.prepareHydratedValue(value, column));
    }
  }
}

/** For `DataSourceOptions.subscribers`. */
export const subscribers = [ProtectionFlowsSubscriber];
