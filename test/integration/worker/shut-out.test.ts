import { once } from 'node:events';
import { createRepositories } from '../../../src/repositories';
import { select } from '../../../src/engine/server/queryable';
import type { WorkerEvents } from '../../../src/worker';
import { openDataSource } from '../../support/data-source';
import { waitFor } from '../../support/wait-for';
import { createUser, type UserOf } from '../preflight/as-user';
import { useDataLayer } from '../repositories/data-layer';
import { gate, useWorkers } from './workers';

const layer = useDataLayer({ per: 'all' });
const workers = useWorkers(layer);
const query = (sql: string): Promise<unknown> => layer.database.session.query(sql);

/** Ends the account's sessions: a change of an account applies only to sessions that begin later. */
async function killSessionsOf({ user }: UserOf): Promise<void> {
  const name = user.slice(0, user.indexOf('@'));
  const rows = await select<{ id: number }>(
    layer.database.session,
    `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ${name}`,
  );
  for (const { id } of rows) await query(`KILL ${id}`).catch(() => undefined);
}

// Guards that a run keeps its result when it ends while its account is locked out. Once, it stayed running until it was reaped.
it.each([
  ['is locked', 'ACCESS_DENIED', 'ACCOUNT LOCK', 'ACCOUNT UNLOCK'],
  ['has used up its writes', 'QUOTA_EXCEEDED', 'WITH MAX_UPDATES_PER_HOUR 1', 'WITH MAX_UPDATES_PER_HOUR 0'],
])(
  'a run that succeeds while the account %s is a success once the account may write again',
  async (_what, code, shut, open) => {
    const account = await createUser(layer.database, ['ALL ON DB.*']);
    const dataSource = await openDataSource(account.database);
    try {
      const work = gate();
      const repositories = createRepositories(dataSource);
      const { executions } = repositories;
      const finish = jest.spyOn(executions, 'finish');
      await workers.queued(1);
      const worker = workers.start(() => work.opened, { repositories, stopMs: 20_000 });
      const [claim] = (await once(worker, 'began')) as WorkerEvents['began'];
      const ended = once(worker, 'ended');

      await query(`ALTER USER ${account.user} ${shut}`);
      await killSessionsOf(account);
      const refusal = (): Promise<unknown> =>
        executions.progress(claim.execution.id).catch((error: unknown) => (error as { code: unknown }).code);
      await waitFor(async () => (await refusal()) === code);
      work.open();
      await waitFor(() => finish.mock.calls.length > 1);
      await query(`ALTER USER ${account.user} ${open}`);
      await killSessionsOf(account);
      expect(await ended).toMatchObject([{}, { status: 'success', error: undefined }]);
      await worker.stop();
    } finally {
      await dataSource.destroy();
      await account.drop();
    }
  },
);
