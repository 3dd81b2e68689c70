import { restoreOrphans } from '../../../src/engine/migrate';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase, usePrivateServer } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { executions, flows, orphanBench } from './orphan-bench';

const megabyte = 1024 * 1024;

/** Guards that no row is too large for quarantine: the server copies it, so no statement contains its values. */
describe('a large row', () => {
  const server = usePrivateServer({ serverArguments: [`--max-allowed-packet=${2 * megabyte}`] });
  const database = useDatabase({ platform: 'mixed', per: 'each', server });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database, server);

  beforeEach(() => bench.dropKey('fk_flows_policy'));

  /** Inserts a flow whose execution has JSON documents of these lengths in bytes, made of the text. */
  async function flowWith(text: string, ...lengths: number[]): Promise<void> {
    await bench.insertFlow('f', { policy_id: 'gone' });
    await bench.insertExecution('e', 'f');
    for (const [at, length] of lengths.entries()) {
      const column = ['execution_metadata', 'created_job_ids'][at] ?? '';
      await database.session.query(
        `UPDATE ${executions} SET ${column} = JSON_ARRAY(REPEAT(?, ${Math.floor(length / Buffer.byteLength(text))}))`,
        [text],
      );
    }
  }

  it('is restored whole, although it does not fit into one statement', async () => {
    await flowWith('😀', 1.4 * megabyte, 1.4 * megabyte);
    const before = await bench.checksums(flows, executions);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true });
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });
});
