import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '../../../../src/engine/migrate';
import { openDataSource } from '../../../support/data-source';
import { useDatabase } from '../../../support/database';
import { schemaLines } from '../../../support/schema-lines';
import { sharedServer } from '../../../support/shared-server';
import { engineWords, translate } from './engine-words';

const mariadb = readFileSync(join(__dirname, 'mariadb.txt'), 'utf8').trim().split('\n');

/**
 * Guards that every server gets the same schema. `mariadb.txt` holds the schema as MariaDB shows it, `engine-words.ts` the
 * only differences of other servers. `npm run test:engines` runs this test on each server. A migration that changes the
 * schema changes `mariadb.txt`.
 */
describe('the schema that a migrate leaves', () => {
  const database = useDatabase({ platform: 'mixed' });

  it('equals mariadb.txt, except for the listed differences', async () => {
    const dataSource = await openDataSource(database);
    try {
      await migrate(dataSource);
    } finally {
      await dataSource.destroy();
    }
    const lines = await schemaLines(database.session, /^(protection_flow|sendense_flow)/);
    expect(lines).toEqual(translate(mariadb, engineWords[sharedServer().flavour]));
  });

  it.each(Object.values(engineWords).flat())('differs on MySQL, because: $reason', (wording) => {
    const others = Object.values(engineWords).flat();
    const before = translate(mariadb, others.slice(0, others.indexOf(wording)));
    expect(before.some((line) => wording.mariadb.test(line))).toBe(true);
  });
});
