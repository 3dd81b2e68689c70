import { isPlainObject, type JsonObject } from '../domain';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { wholeSeconds } from '../entities/columns';
import { assertInitialized } from './session-check';

/** A value of a JSON column: MariaDB gives its text, MySQL's driver has parsed it, so that a text may be one of JSON's own. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Ids of jobs as another program may have stored them. What is no list holds none, as null; what is no text in a list stays
 * in it as its JSON, an id that nobody knows.
 */
export function jobIdsIn(value: unknown): string[] | null {
  const parsed = parsedJson(value);
  if (!Array.isArray(parsed)) return null;
  return parsed.map((id: unknown) => (typeof id === 'string' ? id : JSON.stringify(id)));
}

/** An object as another program may have stored it; what is none is null. */
function recordIn(value: unknown): JsonObject | null {
  const parsed = parsedJson(value);
  return isPlainObject(parsed) ? (parsed as JsonObject) : null;
}

/** A row as the driver gives it. */
export type RawRow = Readonly<Record<string, unknown>>;

const readers = new WeakMap<object, unknown>();

/** Types whose values the driver gives as the entity has them; TypeORM's way looks at each of them all the same. */
const plainTypes = new Set<unknown>(['varchar', 'text', 'int', 'enum', 'timestamp']);

function isPlain({ type, transformer }: ColumnMetadata): boolean {
  return plainTypes.has(type) && (transformer === undefined || transformer === wholeSeconds);
}

/** How a JSON column is read: as what its entity says, whatever other programs have stored there. */
const jsonIn = ({ propertyName }: ColumnMetadata): ((value: unknown) => unknown) =>
  propertyName === 'created_job_ids' ? jobIdsIn : recordIn;

/** How the rows of an entity's table are asked for and read, without TypeORM's query builder. */
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
    /** The entity's columns for a SELECT, each with the alias in front: `e.id, e.flow_id, …`. */
    columns: (alias: string): string => fields.map(({ from }) => `${alias}.${from}`).join(', '),
    /** A row as the entity, each value as TypeORM's own `find` gives it or, in JSON, as its type says; columns of others are left out. */
    read(row: RawRow): Entity {
      const entity: ObjectLiteral = new target();
      for (const { from, to, convert } of fields)
        entity[to] = convert === null ? row[from] : convert(row[from]);
      return entity as Entity;
    },
  };
}

/** The reader of an entity on the manager's DataSource, made once. */
export function rowReader<Entity extends ObjectLiteral>(manager: EntityManager, target: new () => Entity) {
  const { connection: dataSource } = manager;
  // Before TypeORM says that it knows no such entity
  if (!dataSource.isInitialized) assertInitialized({ dataSource });
  const metadata = dataSource.getMetadata(target);
  const found = readers.get(metadata) as ReturnType<typeof createReader<Entity>> | undefined;
  const reader = found ?? createReader(manager, target);
  if (found === undefined) readers.set(metadata, reader);
  return reader;
}
