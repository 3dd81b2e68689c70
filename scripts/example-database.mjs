import { createConnection } from 'mysql2/promise';

const databaseName = 'migratekit_oma';

/** Rows of the platform under ids that the examples' README uses. */
async function addRows(session, testing) {
  await testing.createRepository(session, { id: 'repo-main', name: 'Main repository' });
  const policy = { name: 'Daily, 30 days', primary_repository_id: 'repo-main' };
  await testing.createPolicy(session, { id: 'policy-30-days', ...policy });
  const minute = { name: 'Every minute', cron_expression: '* * * * *' };
  await testing.createSchedule(session, { id: 'every-minute', ...minute });
  const nightly = { name: 'Nightly', cron_expression: '0 2 * * *', timezone: 'Europe/Berlin' };
  await testing.createSchedule(session, { id: 'nightly', ...nightly });
  await testing.createGroup(session, { id: 'group-web', name: 'Web servers' });
  for (const vm_name of ['web-1', 'web-2', 'web-3', 'db-1']) {
    const { context_id } = await testing.createVm(session, { context_id: `ctx-${vm_name}`, vm_name });
    if (vm_name.startsWith('web')) await testing.addToGroup(session, 'group-web', context_id);
  }
}

/** Starts a private server with the platform's tables and rows. Needs dist. Resolves to `{ url, stop() }`. */
export async function startExampleDatabase() {
  const testing = await import('@sendense/protection-flows/testing');
  const server = await testing.startPrivateServer();
  try {
    const { charset, collation } = testing.platformPresets.general_ci.database;
    const { url } = await testing.createThrowAwayDatabase(server, { name: databaseName, charset, collation });
    const connection = await createConnection(url);
    const session = testing.sessionOf(connection);
    await testing.createPlatformTables(session, 'general_ci');
    await addRows(session, testing);
    await connection.end();
    return { url, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
