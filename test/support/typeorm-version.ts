import { resolve } from 'node:path';
import { packageFolder } from './run-program';

/** Whether the tests run with TypeORM 0.3, the oldest that this package works with (`npm run test:typeorm-0.3`). */
export const isTypeorm03 = process.env['PROTECTION_FLOWS_TEST_TYPEORM'] === '0.3';

/** The folder of the TypeORM that the tests run with. */
export const typeormFolder = resolve(packageFolder, 'node_modules', isTypeorm03 ? 'typeorm-0.3' : 'typeorm');
