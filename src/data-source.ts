import 'reflect-metadata';
import { createDataSource } from './typeorm/create-data-source';

/**
 * The shared DataSource, for the scheduler, the API and TypeORM's CLI (`-d`). Importing it neither connects nor reads
 * anything. `await dataSource.initialize()` reads the configuration (`DATABASE_URL`, `DB_*`, `ormconfig.json`, in this
 * order) and connects.
 */
export const dataSource = createDataSource();
