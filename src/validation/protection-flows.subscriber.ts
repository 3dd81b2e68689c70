import {
  EventSubscriber,
  type EntityMetadata,
  type EntitySubscriberInterface,
  type InsertEvent,
  type ObjectLiteral,
  type UpdateEvent,
} from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { fieldFaults, mergeFaults, validatedEntities, type ValidatedEntity } from './field-faults';
import { StatementFaults } from './statement-faults';
import { changedColumns, contradictions, onlyColumns, writtenRow } from './written-row';

function rulesOf(metadata: EntityMetadata): ValidatedEntity | undefined {
  const { target } = metadata;
  if (typeof target !== 'function') return undefined;
  return validatedEntities.find(
    (entity) => target === entity.target || target.prototype instanceof entity.target,
  );
}

/**
 * Applies the rules to flows and executions before they are written, and gives new rows their ids, whichever way they
 * are written: `save`, `insert`, `update`, `upsert` or a query builder, with entities or plain objects.
 *
 * What goes around it: raw SQL, `callListeners(false)`, `save(…, { listeners: false })` and INSERT … SELECT. There
 * the database's constraints decide, and `fromServerError` gives their refusals the same shape.
 */
@EventSubscriber()
export class ProtectionFlowsSubscriber implements EntitySubscriberInterface<ObjectLiteral> {
  private readonly statements = new StatementFaults();

  /**
   * Assigns a UUIDv7 where the id is missing, then checks the whole row.
   *
   * @throws VALIDATION_FAILED, naming every wrong field of every row of the statement
   */
  beforeInsert({ metadata, entity, queryRunner }: InsertEvent<ObjectLiteral>): Promise<void> | void {
    const rules = rulesOf(metadata);
    // An insert that a cascade made of a relation alone has no entity
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
   * Checks the columns that are written. `save()` knows the stored row as well, so the rule across columns is always
   * applied to it; `update()` knows only what it is given, and what that leaves open the database's CHECK decides.
   *
   * @throws VALIDATION_FAILED, naming every wrong field
   */
  beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | void {
    const { metadata, entity, databaseEntity, queryRunner } = event;
    const rules = rulesOf(metadata);
    if (!rules || !entity) return;
    const given = writtenRow(metadata, entity);
    // A column that save() doesn't write isn't judged: it may hold what an older program was allowed to store
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
   * On MariaDB, TypeORM copies the columns with a default from INSERT … RETURNING onto the object as the driver gave
   * them (`enabled: 1`, `bytes_transferred: '0'`): this makes them what reading the row would give.
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
