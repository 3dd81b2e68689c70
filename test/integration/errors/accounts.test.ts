import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ErrorCode, ProtectionFlowsError } from '../../../src/errors';
import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { createPlatformTables, createThrowAwayDatabase } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';

/**
 * Guards that the error for an account that the server refuses or limits names the cause and the fix. Once, the program
 * took each of them for a fault of its own.
 */
const database = useDatabase({ platform: 'none' });
const isMariadb = (): boolean => sharedServer().flavour === 'mariadb';
const query = (sql: string): Promise<unknown> => database.session.query(sql);
let users: string[] = [];

async function userWith(option: string): Promise<string> {
  const user = `limited${users.length}_${process.pid}`;
  users.push(user);
  await query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw' ${option}`);
  await query(`GRANT ALL ON \`${database.name}\`.* TO '${user}'@'%'`);
  const url = new URL(database.url);
  url.username = user;
  url.password = 'pw';
  return url.href;
}
afterEach(async () => {
  for (const user of users) await query(`DROP USER '${user}'@'%'`);
  users = [];
});

const open = (url: string, poolSize = 10) =>
  createDataSource({ env: { DATABASE_URL: `${url}?poolSize=${poolSize}` } }).initialize();

const locked = /is locked$/;
it.each<[string, ErrorCode, RegExp, RegExp]>([
  ['ACCOUNT LOCK', 'ACCESS_DENIED', locked, /ACCOUNT UNLOCK/],
  ['PASSWORD EXPIRE', 'ACCESS_DENIED', /has a password that has expired$/, /IDENTIFIED BY/],
  [
    'REQUIRE SSL',
    'ACCESS_DENIED',
    /denied .* access \(with a password\)$/,
    /requires TLS \(ssl, DB_SSL_CA\)/,
  ],
  ['WITH MAX_CONNECTIONS_PER_HOUR 1', 'CONNECTION_REFUSED', /MAX_CONNECTIONS_PER_HOUR is 1$/, /ALTER USER/],
  ['WITH MAX_QUERIES_PER_HOUR 1', 'QUOTA_EXCEEDED', /MAX_QUERIES_PER_HOUR is 1$/, /until the hour is over/],
])('an account with %s gets %s', async (option, code, message, remedy) => {
  const url = await userWith(option);
  await expect(open(url)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
    details: { reason: expect.any(String) },
  });
});

it('an account that is blocked after a wrong password gets ACCESS_DENIED with the reason', async () => {
  if (isMariadb()) return; // MariaDB has this only for the whole server: max_password_errors
  const url = await userWith('FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1');
  const wrong = new URL(url);
  wrong.password = 'other';
  for (const address of [wrong.href, url])
    await expect(open(address)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringMatching(/is blocked after too many wrong passwords$/),
    });
});

it('an account that has reached its limit of connections gets CONNECTION_REFUSED', async () => {
  const url = await userWith('WITH MAX_USER_CONNECTIONS 1');
  const first = await open(url);
  try {
    await expect(open(url)).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
      message: expect.stringMatching(/MAX_USER_CONNECTIONS is 1$/),
    });
  } finally {
    await first.destroy();
  }
});

it('an account without rights on the database gets from the printed GRANT every right that the commands need', async () => {
  const other = await createThrowAwayDatabase(sharedServer());
  try {
    const url = new URL(await userWith(''));
    url.pathname = `/${other.settings.database}`;
    const denied = await open(url.href).catch((error: unknown) => error as ProtectionFlowsError);
    expect(denied).toMatchObject({ code: 'ACCESS_DENIED' });
    const [grant = ''] = /GRANT .*/.exec((denied as ProtectionFlowsError).remedy) ?? [];
    await query(grant);

    const dataSource = await open(url.href);
    try {
      await createPlatformTables(dataSource, 'mixed');
      expect(await migrate(dataSource)).toMatchObject({ ok: true });
      expect((await verify(dataSource)).verdict).toBe('proven');
      await dataSource.query('ALTER TABLE protection_flows DROP INDEX idx_flows_due');
      expect(await adopt(dataSource, { repair: true })).toMatchObject({ ok: true });
      expect(await rollback(dataSource, { steps: 'all' })).toMatchObject({ ok: true });
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await other.drop();
  }
});

// The quota may be used up anywhere in a migrate; the next migrate finishes the work.
it.each([
  ['MAX_QUERIES_PER_HOUR', 60],
  ['MAX_UPDATES_PER_HOUR', 8],
])(
  'a migrate throws QUOTA_EXCEEDED when its account has used up %s, and a later migrate succeeds',
  async (option, most) => {
    const other = await createThrowAwayDatabase(sharedServer());
    try {
      const url = new URL(await userWith(`WITH ${option} ${most}`));
      const [user] = users;
      await query(`GRANT ALL ON \`${other.settings.database}\`.* TO '${user}'@'%'`);
      url.pathname = `/${other.settings.database}`;
      const dataSource = await open(url.href);
      try {
        await expect(migrate(dataSource)).rejects.toMatchObject({
          code: 'QUOTA_EXCEEDED',
          message: expect.stringMatching(new RegExp(`${option} is ${most}$`)),
        });
        await query(`ALTER USER '${user}'@'%' WITH ${option} 0`);
        // A changed limit applies only to new sessions. The lock is free, although its session could send nothing more
        const later = await open(url.href);
        const result = await migrate(later, { lockWaitMs: 0 }).finally(() => later.destroy());
        expect(result.ok).toBe(true);
      } finally {
        await dataSource.destroy();
      }
    } finally {
      await other.drop();
    }
  },
);
