import { inspect } from 'node:util';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { ProtectionFlowExecution } from '../../../src/entities';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories } from '../../../src/repositories';
import { usePrivateServer } from '../../support/database';
import { useDataLayer } from '../repositories/data-layer';

const maxBytes = 1024 * 1024;
const server = usePrivateServer({ serverArguments: [`--max-allowed-packet=${maxBytes}`] });
const layer = useDataLayer({ platform: 'none', server });

/** A data source with one connection. */
let own: ProtectionFlowsDataSource;
beforeAll(async () => {
  own = await createDataSource({ ...layer.database.settings, poolSize: 1 }).initialize();
});
afterAll(() => own.destroy());

const value = 'secret '.repeat(300_000);
const tooLarge = {
  code: 'STATEMENT_TOO_LARGE',
  details: { bytes: expect.any(Number) as number, maxBytes },
};
const sessionId = async (): Promise<unknown> => own.query('SELECT CONNECTION_ID() AS id');
const newRun = async () => {
  const { id: flow_id } = await layer.repositories.flows.create(layer.newFlow());
  return { flow_id, execution_type: 'api' as const, execution_metadata: { value } };
};

// Guards against a connection that the server closes, a raw error with megabytes of values, and a next call that fails.
describe('a statement of max_allowed_packet and more', () => {
  it('is refused with its size and the limit, without its values, and the session stays usable', async () => {
    const { executions } = createRepositories(own);
    const run = await newRun();
    const before = await sessionId();
    for (const call of [
      () => executions.start(run),
      () => executions.enqueue(run),
      () => own.getRepository(ProtectionFlowExecution).insert(run),
      () => own.query('SELECT ? AS value', [value]),
      () => own.query(`SELECT '${value}' AS value`),
    ]) {
      const fault: unknown = await call().catch((error: unknown) => error);
      expect(fault).toMatchObject(tooLarge);
      const shown = inspect(fault, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
      expect(shown).not.toContain('secret');
      expect(shown.length).toBeLessThan(10_000);
      expect(await executions.listRunning()).toEqual([]);
    }
    expect(await sessionId()).toEqual(before);
  });

  it('leaves a transaction of the caller unchanged', async () => {
    const run = await newRun();
    await own.transaction(async (manager) => {
      const { executions, flows } = createRepositories(manager);
      await flows.update(run.flow_id, { description: 'before' });
      await expect(executions.enqueue(run)).rejects.toMatchObject(tooLarge);
    });
    expect(await layer.repositories.flows.get(run.flow_id)).toMatchObject({ description: 'before' });
  });

  it('is distinguished from an accepted statement to within a few bytes', async () => {
    const select = (bytes: number): string => {
      const sql = "SELECT LENGTH('x') AS length";
      return sql.replace('x', 'x'.repeat(bytes - sql.length + 1));
    };
    // The command and the number of query attributes take three bytes of the packet
    const most = maxBytes - 4;
    expect(await own.query(select(most))).toHaveLength(1);
    await expect(own.query(select(most + 1))).rejects.toMatchObject({
      details: { bytes: most + 1, maxBytes },
    });
    const raw = await layer.database.connect();
    await expect(raw.query(select(maxBytes - 1))).rejects.toThrow();
    const another = await layer.database.connect();
    expect(await another.query(select(most))).toHaveLength(2);
  });
});
