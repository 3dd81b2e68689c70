import { restoreOrphans } from '../../../src/engine/migrate';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase, usePrivateServer } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { executions, flows, orphanBench } from './orphan-bench';

const megabyte = 1024 * 1024;

/** Guards that a row which is too large for one statement is refused, and never lost or cut off. */
describe('a large row', () => {
  const server = usePrivateServer({ serverArguments: [`--max-allowed-packet=${2 * megabyte}`] });
  const database = useDatabase({ platform: 'mixed', per: 'each', server });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database, server);

  beforeEach(() => bench.dropKey('fk_flows_policy'));

  /** A flow whose execution has documents of that many bytes, made of the text. */
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

  it('that is too large to be written down as JSON is refused by name, and stays', async () => {
    await flowWith('x', 1.2 * megabyte, 1.2 * megabyte);
    const before = await bench.checksums(flows, executions);
    await expect(bench.settle('fk_flows_policy', 'quarantine')).rejects.toMatchObject({
      code: 'FK_ORPHAN_ROWS',
      message: expect.stringContaining(`too large`),
      remedy: expect.stringContaining('max_allowed_packet'),
    });
    expect(await bench.checksums(flows, executions)).toEqual(before);
    expect(await bench.quarantined()).toEqual([]);
  });

  it('that is just small enough comes back whole', async () => {
    await flowWith('😀', 0.9 * megabyte, 0.9 * megabyte);
    const before = await bench.checksums(flows, executions);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true });
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });

  it('that fits as JSON, but not into a statement, waits in quarantine for a larger packet', async () => {
    await flowWith("'", 1.4 * megabyte);
    const before = await bench.checksums(flows, executions);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({
      ok: false,
      restored: { [flows]: 1 },
      left: [{ table: executions, reason: 'too-large', rows: 1, sample: ['e'] }],
    });
    await database.session.query(`SET GLOBAL max_allowed_packet = ${16 * megabyte}`);
    // The limit is that of a session's beginning
    await dataSource().destroy();
    await dataSource().initialize();
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true, restored: { [executions]: 1 } });
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });

  it('and many like it do not fill the memory of the one that puts them back', async () => {
    await database.session.query(`SET GLOBAL max_allowed_packet = ${16 * megabyte}`);
    await bench.insertFlow('f', { policy_id: 'gone' });
    for (let n = 0; n < 20; n += 1) await bench.insertExecution(`e${n}`, 'f');
    await database.session.query(
      `UPDATE ${executions} SET execution_metadata = JSON_ARRAY(REPEAT('x', 1000000))`,
    );
    const before = await bench.checksums(flows, executions);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    await dataSource().destroy();
    await dataSource().initialize();
    const steps: string[] = [];
    await restoreOrphans(dataSource(), { onProgress: ({ step }) => steps.push(step) });
    expect(steps.map((step) => /(\d+) of 21/.exec(step)?.[1]).filter(Boolean)).toEqual(['9', '17', '21']);
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });
});
