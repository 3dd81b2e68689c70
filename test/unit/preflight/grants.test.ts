import {
  parseGrants,
  holdsOnServer,
  privilegesIn,
  quotedUser,
  type Holds,
} from '../../../src/engine/preflight/access/grants';

/** Guards the parsing of SHOW GRANTS: the lines are copied from real servers. */
const plainRules = { literalNames: false, foldCase: false, anyPattern: false };

function holds(database: string, lines: readonly string[], rules = plainRules): Holds {
  const grants = parseGrants(lines);
  expect(grants).not.toBeNull();
  const answer = privilegesIn(grants ?? [], { database, ...rules });
  expect(answer).not.toBeNull();
  return answer ?? (() => false);
}

const held = (answer: Holds, table = 't', column?: string): string =>
  ['SELECT', 'INSERT', 'UPDATE', 'CREATE', 'ALTER', 'DROP', 'REFERENCES']
    .filter((privilege) => answer(privilege, table, column))
    .join(' ');
const everything = 'SELECT INSERT UPDATE CREATE ALTER DROP REFERENCES';

/** MariaDB 10.11.14 and 11.8.3 alike. */
const mariadb = [
  "GRANT USAGE ON *.* TO `plain`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
  'GRANT ALL PRIVILEGES ON `gp`.* TO `plain`@`%`',
  'GRANT SELECT ON `g\\_p`.* TO `plain`@`%` WITH GRANT OPTION',
  'GRANT SELECT, INSERT ON `g%`.* TO `plain`@`%`',
  'GRANT SELECT, REFERENCES, CREATE VIEW ON `gp`.`t` TO `plain`@`%`',
  'GRANT SELECT (`id`), UPDATE (`id`, `b`), REFERENCES (`id`) ON `g_p`.`t` TO `plain`@`%`',
];

/** MySQL 9.7.0: the same grants. */
const mysql = [
  'GRANT USAGE ON *.* TO `plain`@`%`',
  'GRANT ALL PRIVILEGES ON `gp`.* TO `plain`@`%`',
  'GRANT SELECT, INSERT ON `g%`.* TO `plain`@`%`',
  'GRANT SELECT ON `g\\_p`.* TO `plain`@`%` WITH GRANT OPTION',
  'GRANT SELECT (`id`), UPDATE (`b`, `id`), REFERENCES (`id`) ON `g_p`.`t` TO `plain`@`%`',
  'GRANT SELECT, REFERENCES, CREATE VIEW ON `gp`.`t` TO `plain`@`%`',
];

describe.each([
  ['MariaDB', mariadb],
  ['MySQL', mysql],
])('the grants of a user on %s', (_server, lines) => {
  it('include all privileges of a database with ALL PRIVILEGES', () => {
    expect(held(holds('gp', lines))).toBe(everything);
  });

  it('are only those of the most specific pattern, and of the table itself', () => {
    expect(held(holds('g_p', lines), 'other')).toBe('SELECT');
    expect(held(holds('g_p', lines), 't', 'id')).toBe('SELECT UPDATE REFERENCES');
    expect(held(holds('g_p', lines), 't', 'b')).toBe('SELECT UPDATE');
    expect(held(holds('g_p', lines), 't')).toBe('SELECT');
    expect(held(holds('gxp', lines))).toBe('SELECT INSERT');
  });

  it('say nothing about a database that no pattern matches', () => {
    expect(privilegesIn(parseGrants(lines) ?? [], { database: 'other', ...plainRules })).toBeNull();
  });
});

describe('a pattern', () => {
  const grants = (database: string): string[] => [`GRANT SELECT ON \`${database}\`.* TO \`u\`@\`%\``];
  const fits = (pattern: string, database: string, rules = plainRules): boolean =>
    privilegesIn(parseGrants(grants(pattern)) ?? [], { database, ...rules }) !== null;

  it.each([
    ['a_c', 'abc', true],
    ['a\\_c', 'abc', false],
    ['a\\_c', 'a_c', true],
    ['a%', 'a', true],
    ['a\\%', 'ab', false],
    ['%', 'anything', true],
    ['a.c', 'abc', false],
    ['a``c', 'a`c', true],
    ['Abc', 'abc', false],
  ])('%s and %s: %s', (pattern, database, expected) => expect(fits(pattern, database)).toBe(expected));

  it('has no wildcards under partial_revokes, and ignores case if the server does', () => {
    expect(fits('a_c', 'abc', { ...plainRules, literalNames: true })).toBe(false);
    expect(fits('a_c', 'a_c', { ...plainRules, literalNames: true })).toBe(true);
    expect(fits('Abc', 'abc', { ...plainRules, foldCase: true })).toBe(true);
  });

  it('counts in either reading if the server does not say which one it uses', () => {
    const answer = holds('g_p', mysql, { ...plainRules, anyPattern: true });
    expect(held(answer, 'other')).toBe('SELECT INSERT');
  });
});

describe('the whole server', () => {
  const mysqlGlobal =
    'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER, SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE, CREATE ROLE, DROP ROLE ON *.* TO `pru`@`%`';
  const mysqlDynamic =
    'GRANT ALLOW_NONEXISTENT_DEFINER,APPLICATION_PASSWORD_ADMIN,CONNECTION_ADMIN,XA_RECOVER_ADMIN ON *.* TO `pru`@`%`';
  const revoke = 'REVOKE CREATE, ALTER ON `gp`.* FROM `pru`@`%`';
  const anew = 'GRANT CREATE, ALTER ON `gp`.`zz` TO `pru`@`%`';

  it('gives its privileges in every database, except those revoked in one, unless granted again on a table', () => {
    const lines = [mysqlGlobal, mysqlDynamic, revoke, anew];
    expect(held(holds('other', lines))).toBe(everything);
    expect(held(holds('gp', lines))).toBe('SELECT INSERT UPDATE DROP REFERENCES');
    expect(held(holds('gp', lines), 'zz')).toBe(everything);
  });

  it('has the privileges to write on a read-only server', () => {
    const mysqlGrants = parseGrants([mysqlGlobal, mysqlDynamic]) ?? [];
    expect(holdsOnServer(mysqlGrants, 'CONNECTION_ADMIN')).toBe(true);
    expect(holdsOnServer(mysqlGrants, 'READ_ONLY ADMIN')).toBe(false);
    const all =
      "GRANT ALL PRIVILEGES ON *.* TO `o'ma-user`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' WITH GRANT OPTION";
    expect(holdsOnServer(parseGrants([all]) ?? [], 'READ_ONLY ADMIN')).toBe(true);
    const some =
      "GRANT READ_ONLY ADMIN ON *.* TO `roa`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'";
    expect(holdsOnServer(parseGrants([some]) ?? [], 'READ_ONLY ADMIN')).toBe(true);
    expect(holdsOnServer(parseGrants(mariadb) ?? [], 'READ_ONLY ADMIN')).toBe(false);
  });
});

describe('roles', () => {
  /** MariaDB, after SET ROLE r1, which has r2. */
  const ofMariadb = [
    'GRANT `r1` TO `multi word`@`%`',
    'GRANT `r3` TO `multi word`@`%`',
    "GRANT USAGE ON *.* TO `multi word`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
    'GRANT SELECT ON `gp`.* TO `multi word`@`%`',
    'GRANT `r2` TO `r1`',
    'GRANT USAGE ON *.* TO `r1`',
    'GRANT CREATE, ALTER ON `gp`.* TO `r1`',
    'GRANT USAGE ON *.* TO `r2`',
    'GRANT INSERT ON `gp`.* TO `r2`',
  ];

  it('that are active are among the grants: on MariaDB each with its own lines', () => {
    expect(held(holds('gp', ofMariadb))).toBe('SELECT INSERT CREATE ALTER');
    expect(held(holds('gp', ofMariadb.slice(0, 4)))).toBe('SELECT');
  });

  it('that are active are among the grants: on MySQL merged into the user', () => {
    const lines = [
      'GRANT USAGE ON *.* TO `multi word`@`%`',
      'GRANT SELECT, INSERT, CREATE, DROP, ALTER ON `gp`.* TO `multi word`@`%`',
      'GRANT `r1`@`%`,`r3`@`%` TO `multi word`@`%`',
    ];
    expect(held(holds('gp', lines))).toBe('SELECT INSERT CREATE ALTER DROP');
  });

  it('called PUBLIC count for all accounts, and each role has its own most specific pattern', () => {
    expect(held(holds('g_p', ['GRANT SELECT ON `g_p`.* TO PUBLIC']))).toBe('SELECT');
    const lines = ['GRANT SELECT ON `g\\_p`.* TO `u`@`%`', 'GRANT INSERT ON `g%`.* TO `r`'];
    expect(held(holds('g_p', lines))).toBe('SELECT INSERT');
  });
});

describe('other lines', () => {
  it.each([
    'GRANT EXECUTE ON PROCEDURE `gp`.`p` TO `u`@`%`',
    "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
    'GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION',
    'GRANT `ON` TO `u`@`%`',
  ])('give no privileges on tables: %s', (line) => expect(parseGrants([line])).toEqual([]));

  it.each(['', 'DENY SELECT ON `a`.* TO `u`@`%`', 'GRANT SELECT ON `a`.* FOR `u`', 'GRANT SELECT ON `a'])(
    'make the whole unreadable, so that nothing is called missing: %j',
    (line) => expect(parseGrants([mysql[0] ?? '', line])).toBeNull(),
  );

  it('may have names without quotes (sql_quote_show_create = 0)', () => {
    expect(held(holds('gp', ['GRANT SELECT, INSERT ON gp.* TO u@%']))).toBe('SELECT INSERT');
  });
});

it.each([
  ['plain@%', "'plain'@'%'"],
  ["o'ma@localhost", "'o''ma'@'localhost'"],
  ['a@b@10.0.0.%', "'a@b'@'10.0.0.%'"],
  ['@localhost', "''@'localhost'"],
])('the user %s is written %s', (user, quoted) => expect(quotedUser(user)).toBe(quoted));
