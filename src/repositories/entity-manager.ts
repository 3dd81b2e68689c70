import type { DataSource, EntityManager } from 'typeorm';
import { declareArguments, that } from '../arguments';

/** True for TypeORM's EntityManager, by what it has: there may be two copies of TypeORM. */
export function isEntityManager(value: unknown): value is EntityManager {
  const { query, connection } = (value ?? {}) as Partial<EntityManager>;
  return typeof query === 'function' && typeof connection === 'object';
}

/** Reads what a repository is made on. */
export const readManager = declareArguments('repository', {
  manager: that<EntityManager>(
    'isEntityManager',
    isEntityManager,
    "must be an EntityManager: a DataSource's manager, or that of a transaction",
  ),
});

/** Refuses a DataSource that is not connected, yet or any more. Asked where a call has failed: the others are not delayed. */
export const assertInitialized = declareArguments('repository', {
  dataSource: that<DataSource>(
    'isInitialized',
    (value) => (value as DataSource).isInitialized,
    'must be initialized: await initialize() first',
  ),
});
