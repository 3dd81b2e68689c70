import { spawn } from 'node:child_process';
import { createConnection, type Connection } from 'mysql2/promise';
import { useDatabase, usePrivateServer } from '../../support/database';
import { waitFor } from '../../support/wait-for';
import { emptyFolder, program } from './command-line';

/**
 * Guards that no command waits for ever if the server gives its user few connections: the command ends by itself, with
 * its work done or an error code. A command that still runs after the deadline is the fault that these tests look for.
 */
const server = usePrivateServer();
const database = useDatabase({ platform: 'mixed', per: 'each', server });
const deadlineMs = 15_000;

interface Ended {
  readonly end: number | 'still running';
  readonly output: Record<string, unknown>;
}

function run(url: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    cwd: emptyFolder(),
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const output = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
      resolve({ end: isLate ? 'still running' : (exitCode ?? -1), output });
    });
  });
}

const user = 'few';
const urlOfUser = (): string => {
  const url = new URL(database.url);
  url.username = user;
  url.password = 'pw';
  return url.href;
};

async function createUser(limit = ''): Promise<void> {
  await database.session.query(`DROP USER IF EXISTS '${user}'@'%'`);
  await database.session.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw' ${limit}`);
  await database.session.query(`GRANT ALL ON \`${database.name}\`.* TO '${user}'@'%'`);
}

/** Opens connections of another user until the server has that many left. */
async function leave(free: number): Promise<Connection[]> {
  await database.session.query(`DROP USER IF EXISTS 'filler'@'%'`);
  await database.session.query(`CREATE USER 'filler'@'%' IDENTIFIED BY 'pw'`);
  const most = 20;
  const [own] = (await database.session.query("SHOW GLOBAL STATUS LIKE 'Threads_connected'")) as {
    Value: string;
  }[];
  await database.session.query(`SET GLOBAL max_connections = ${most}`);
  const fillers: Connection[] = [];
  for (let taken = Number(own?.Value); taken < most - free; taken += 1) {
    const { host, port } = database.settings;
    const filler = await createConnection({ host, port, user: 'filler', password: 'pw' });
    filler.on('error', () => undefined);
    fillers.push(filler);
  }
  return fillers;
}

/** Everything that changes the schema, one after the other. */
async function wholeLife(url: string): Promise<Record<string, Ended>> {
  const migrated = await run(url, 'migrate');
  await database.session.query('ALTER TABLE protection_flows MODIFY name varchar(100) NOT NULL');
  const adopted = await run(url, 'adopt', '--repair');
  return { migrated, adopted, undone: await run(url, 'rollback', '--all') };
}

const allDone = {
  migrated: { end: 0 },
  adopted: { end: 0 },
  undone: { end: 0 },
};

describe.each([1, 2, 3])('with %d available connections', (connections) => {
  it('for the account: migrate, adopt --repair and rollback work', async () => {
    await createUser(`WITH MAX_USER_CONNECTIONS ${connections}`);
    expect(await wholeLife(urlOfUser())).toMatchObject(allDone);
  });

  it('on a server that has no others: migrate, adopt --repair and rollback work', async () => {
    await createUser();
    const fillers = await leave(connections);
    try {
      expect(await wholeLife(urlOfUser())).toMatchObject(allDone);
    } finally {
      for (const filler of fillers) filler.destroy();
      await waitFor(async () => {
        const rows = (await database.session.query(
          "SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'filler'",
        )) as unknown[];
        return rows.length === 0;
      });
    }
  });
});

it('preflight reports the limit, and the remedy that preflight prints removes the finding', async () => {
  await createUser('WITH MAX_USER_CONNECTIONS 1');
  const finding = async () => {
    const { output, end } = await run(urlOfUser(), 'preflight');
    const findings = output.findings as { code: string; remedy: string }[];
    return { end, found: findings.find(({ code }) => code === 'CONNECTION_REFUSED') };
  };
  const { end, found } = await finding();
  expect({ end, found }).toMatchObject({
    end: 0,
    found: {
      effect: 'mended',
      message: expect.stringMatching(
        /^no second connection .*MAX_USER_CONNECTIONS is 1\): migrate does without/,
      ),
    },
  });
  const [sql = ''] = /^ALTER USER .*(?=;$)/m.exec(found?.remedy ?? '') ?? [];
  await database.session.query(sql);
  expect(await finding()).toEqual({ end: 0, found: undefined });
});
