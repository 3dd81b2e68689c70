import type { DataSource, EntityManager } from 'typeorm';
import {
  choice,
  count,
  id,
  isOneLine,
  isStorableText,
  isWellFormed,
  name,
  optional,
  properties,
  readProperties,
  refuse,
  that,
  type Reader,
} from '../arguments';
import { isEntityManager } from '../repositories/session-check';
import type { Queryable } from '../engine/server/queryable';
import type { Flavour } from '../engine/server/server';

/** Where a server is and who to be there. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** Whatever executes a statement: a manager, a query runner, what {@link sessionOf} makes. */
export const session: Reader<Queryable> = that(
  'isSession',
  (value) => typeof (value as Partial<Queryable> | null | undefined)?.query === 'function',
  'must be a session: an EntityManager, a query runner, or what else has query()',
);

/** TypeORM's EntityManager. */
export const manager: Reader<EntityManager> = that(
  'isEntityManager',
  isEntityManager,
  "must be an EntityManager: a DataSource's manager, or that of a transaction",
);

/** A DataSource that is connected, by what it has: there may be two copies of TypeORM. */
export const connected: Reader<DataSource> = (value, field, faults) => {
  const { createQueryRunner, isInitialized } = (value ?? {}) as Partial<DataSource>;
  if (typeof createQueryRunner !== 'function')
    return refuse(faults, field, 'isDataSource', 'must be a DataSource');
  return isInitialized === true
    ? (value as DataSource)
    : refuse(faults, field, 'isInitialized', 'must be initialized: await initialize() first');
};

/** Columns of a row, or none; those of the platform are the table's own, so the server judges their names. */
export const overrides: Reader<Readonly<Record<string, unknown>>> = (value, field, faults) => {
  if (value === undefined) return {};
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return readProperties(value, field, names, faults, null) ?? (undefined as never);
};

const text: Reader<string> = that(
  'isString',
  (value) => typeof value === 'string' && isWellFormed(value),
  'must be a text, which may be empty',
);

/** Where a server is, and who to be there; an object with more is fine, as a private server is. */
export const address: Reader<ServerAddress> = properties({
  host: name,
  port: count({ min: 1, max: 65_535 }),
  username: text,
  password: text,
});

/** The name of a character set or a collation, which no statement can take as a value. */
export const charsetName: Reader<string> = that(
  'isCharset',
  (value) => typeof value === 'string' && /^\w{1,64}$/.test(value),
  'must be the name of one: letters, digits and underscores',
);

/** Which server is wanted; see {@link ServerWish}. */
export const wishReaders = {
  flavour: optional(choice<Flavour>(['mariadb', 'mysql'])),
  version: optional(id),
};

/** A password that an SQL literal can hold under any sql_mode. */
export const newPassword: Reader<string> = that(
  'isPassword',
  (value) => isOneLine(value) && !value.includes('\\'),
  'must be a text of one line, without backslashes and control characters',
);

/** Arguments of a program. */
export const programArguments: Reader<string[]> = that(
  'isArguments',
  (value) => Array.isArray(value) && Array.from(value as unknown[]).every(isStorableText),
  'must be a list of texts',
);
