import { isPlainObject, type JsonObject } from '../domain';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { wholeSeconds } from '../entities/columns';
import { assertInitialized } from './session-check';

/** Parses a JSON column: MariaDB returns text. For MySQL the driver has already parsed it, so a text may be a JSON string. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Reads job ids that another program may have stored. Anything but a list means null. An element that is not a text becomes
 * its JSON, an id that no job has.
 */
export function jobIdsIn(value: unknown): string[] | null {
  const parsed = parsedJson(value);
  if (!Array.isArray(parsed)) return null;
  return parsed.map((id: unknown) => (typeof id === 'string' ? id : JSON.stringify(id)));
}

/** Reads an object that another program may have stored; null for anything else. */
function recordIn(value: unknown): JsonObject | null {
  const parsed = parsedJson(value);
  return isPlainObject(parsed) ? (parsed as JsonObject) : null;
}

/** A row from the driver. */
export type RawRow = Readonly<Record<string, unknown>>;

const readers = new WeakMap<object, unknown>();

/** Types whose values need no conversion after the driver. TypeORM would still check each value. */
const plainTypes = new Set<unknown>(['varchar', 'text', 'int', 'enum', 'timestamp']);

function isPlain({ type, transformer }: ColumnMetadata): boolean {
  return plainTypes.has(type) && (transformer === undefined || transformer === wholeSeconds);
}

/** Returns the reader of a JSON column. The result has the entity's type, whatever other programs stored. */
const jsonIn = ({ propertyName }: ColumnMetadata): ((value: unknown) => unknown) =>
  propertyName === 'created_job_ids' ? jobIdsIn : recordIn;

/** Makes the reader for an entity's rows, without TypeORM's query builder. */
function createReader<Entity extends ObjectLiteral>({ connection }: EntityManager, target: new () => Entity) {
  const { driver } = connection;
  const converterOf = (column: ColumnMetadata): ((value: unknown) => unknown) | null => {
    if (isPlain(column)) return null;
    if (column.type === 'json') return jsonIn(column);
    return (value) => driver.prepareHydratedValue(value, column) as unknown;
  };
  const fields = connection.getMetadata(target).columns.map((column) => ({
    from: column.databaseName,
    to: column.propertyName,
    convert: converterOf(column),
  }));
  return {
    /** The entity's columns for a SELECT: `e.id, e.flow_id, …`. */
    columns: (alias: string): string => fields.map(({ from }) => `${alias}.${from}`).join(', '),
    /** Reads a row as the entity. Values are as from TypeORM's `find`, or for JSON of the entity's type. Ignores other columns. */
    read(row: RawRow): Entity {
      const entity: ObjectLiteral = new target();
      for (const { from, to, convert } of fields)
        entity[to] = convert === null ? row[from] : convert(row[from]);
      return entity as Entity;
    },
  };
}

/** Returns the reader of an entity on the manager's DataSource, cached. */
export function rowReader<Entity extends ObjectLiteral>(manager: EntityManager, target: new () => Entity) {
  const { connection: dataSource } = manager;
  // Checked first, because TypeORM would only say that it does not know the entity
  if (!dataSource.isInitialized) assertInitialized({ dataSource });
  const metadata = dataSource.getMetadata(target);
  const found = readers.get(metadata) as ReturnType<typeof createReader<Entity>> | undefined;
  const reader = found ?? createReader(manager, target);
  if (found === undefined) readers.set(metadata, reader);
  return reader;
}
