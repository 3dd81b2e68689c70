import { createConnection } from 'mysql2/promise';
import { apiOf } from './api';
import { startProgram, startScheduler, waitForPrograms, waitUntilItSays } from './programs';

/** Guards `npm run example`: one command starts a database and both programs, and the database ends with them. */
describe('the command of the examples', () => {
  it('starts a private server with rows, runs both examples on it, lets a third one join, and stops everything', async () => {
    const program = startProgram(
      ['scripts/example.mjs', 'api', 'scheduler'],
      { PORT: '0', POLL_MS: '50', BACKUP_MS: '1000' },
      { isCommand: true },
    );
    const [, url = ''] = await waitUntilItSays(program, /^DATABASE_URL='(mysql:.*)'$/m);
    const api = await apiOf(program);
    await waitUntilItSays(program, / ready /);

    const flow = { name: 'Web', flow_type: 'backup', target_type: 'group', target_id: 'group-web' };
    const references = { repository_id: 'repo-main', policy_id: 'policy-30-days', schedule_id: 'nightly' };
    const created = await api.request<{ id: string }>('POST', '', { ...flow, ...references });
    expect(created).toMatchObject({
      status: 201,
      body: { target_name: 'Web servers', schedule_cron: '0 2 * * *' },
    });
    await api.request('POST', `/${created.body.id}/execute`);
    const status = async () =>
      (await api.request<{ last_execution_status: string }>('GET', `/${created.body.id}/status`)).body;
    await waitForPrograms(async () => (await status()).last_execution_status === 'success');

    const third = await startScheduler(url);
    third.kill('SIGTERM');
    expect(await third.ended).toBe(0);

    const { body: last } = await api.request<{ id: string }>('POST', `/${created.body.id}/execute`);
    await waitUntilItSays(program, new RegExp(` run-began execution=${last.id} `));
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.output()).toMatch(new RegExp(` run-ended execution=${last.id} .* status=success\n`));
    await expect(createConnection(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('refuses an unknown example', async () => {
    const program = startProgram(['scripts/example.mjs', 'web'], {});
    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(/^error: there is no example web\n.*\n {2}fix: Name api or scheduler/);
  });
});
