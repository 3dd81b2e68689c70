import { verifyOutput } from '../../../src/cli/output/verify';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleFor } from '../../../src/cli/output/style';
import { verify } from '../../../src/engine/verify';
import { packageFolder } from '../../support/run-program';
import { isClusterWanted } from '../../support/test-installation';
import { sharedServer } from '../../support/shared-server';
import { useDamagedDatabase } from './damaged-database';

const { dataSource } = useDamagedDatabase();
const plain = styleFor({ write: () => true }, {}, false);

/** What a document shows of a verify, without the line that names the database. */
function shownIn(document: string): string | undefined {
  const text = readFileSync(resolve(packageFolder, document), 'utf8');
  return /^PROVEN: .*\n(?=Database )/m
    .exec(text)
    ?.map((verdict) => verdict + text.slice(text.indexOf('CHECK  ')).split('\n```')[0]!)[0];
}

// A reader compares what he gets with it, line by line.
it.each(['README.md', 'docs/verify.md'])(
  'the output of verify in %s is the output that verify prints',
  async (document) => {
    // Shown is what a single MariaDB prints
    if (sharedServer().flavour === 'mysql' || isClusterWanted()) return;
    const lines = verifyOutput.text(await verify(dataSource()), plain);
    const printed = lines.filter((line) => line !== '' && !line.startsWith('Database '));
    expect(shownIn(document)?.split('\n')).toEqual(printed);
  },
);
