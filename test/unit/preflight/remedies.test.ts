import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../../src/errors';
import { codesOfRules } from './codes-of-rules';

const folder = join(__dirname, '../../..');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

/**
 * The test that carries out the remedy of each finding and checks that the finding is gone: its file, which names the
 * code, and the call in it that does so.
 */
const carriedOut: Readonly<Partial<Record<ErrorCode, readonly [file: string, by: string]>>> = {
  SERVER_READ_ONLY: ['test/integration/preflight/read-only.test.ts', 'paste('],
  PRIVILEGE_MISSING: ['test/integration/preflight/privileges.test.ts', 'expectFixed('],
  HISTORY_UNKNOWN: ['test/integration/preflight/own-tables.test.ts', 'expectSeenAndMended('],
  HISTORY_OUT_OF_ORDER: ['test/integration/preflight/own-tables.test.ts', 'expectSeenAndMended('],
  SCHEMA_HALF_APPLIED: ['test/integration/preflight/own-tables.test.ts', 'expectSeenAndMended('],
  SCHEMA_HAND_MADE: ['test/integration/preflight/own-tables.test.ts', 'expectSeenAndMended('],
  CONSTRAINT_NAME_TAKEN: ['test/integration/preflight/parents.test.ts', 'expectSeenAndMended('],
  ENGINE_NOT_INNODB: ['test/integration/preflight/parents.test.ts', 'expectSeenAndMended('],
  FK_TABLE_PARTITIONED: ['test/integration/preflight/parents.test.ts', 'expectSeenAndMended('],
  FK_TYPE_MISMATCH: ['test/integration/preflight/parents.test.ts', 'expectSeenAndMended('],
  FK_PARENT_NOT_INDEXED: ['test/integration/preflight/parents.test.ts', 'expectSeenAndMended('],
  FK_ORPHAN_ROWS: ['test/integration/preflight/own-tables.test.ts', 'expectSeenAndMended('],
  CONNECTION_REFUSED: ['test/e2e/cli/few-connections.test.ts', 'ALTER USER'],
  SERVER_SETTING_UNSAFE: ['test/integration/preflight/server-settings.test.ts', 'paste('],
  // There is nothing to paste: the next migrate is the remedy
  FK_COLLATION_MISMATCH: ['test/integration/preflight/report.test.ts', 'migrateAnew('],
  FK_PARENT_MISSING: ['test/integration/preflight/report.test.ts', 'migrateAnew('],
  // The same command with --allow-blocking
  TABLE_COPY_REFUSED: ['test/integration/keys/online-add.test.ts', 'copyLimitRows'],
};

/** Guards that every finding has a test of its printed remedy. */
describe('the remedy of every finding', () => {
  it('is carried out by a listed test', () => {
    expect(Object.keys(carriedOut).sort()).toEqual(codesOfRules());
  });

  it.each(Object.entries(carriedOut))('%s', (code, [file, by]) => {
    const text = read(file);
    expect(text).toContain(code);
    expect(text).toContain(by);
  });
});
