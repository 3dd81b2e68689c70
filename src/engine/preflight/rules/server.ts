import { quoteName } from '../../server/queryable';
import type { UnsafeSetting } from '../../server/server-settings';
import type { Access } from '../access/read-access';
import type { Facts } from '../facts';
import { findingOf, type Finding, type Rule } from '../finding';

/** The account limits of ALTER USER, by the resource that the server's refusal names. */
const accountLimits: Readonly<Record<string, string>> = {
  max_user_connections: 'MAX_USER_CONNECTIONS',
  max_connections_per_hour: 'MAX_CONNECTIONS_PER_HOUR',
};

/** The server gives the user only one connection. On a single server migrate needs no second one; in a cluster its lock does. */
export const connectionRefused: Rule = ({ lockTable: { refusal, isNeeded }, access }) => {
  if (refusal === null || access === null) return [];
  const consequence = isNeeded
    ? 'in a cluster the lock of a migrate takes one'
    : 'migrate does without, and a statement that waits for a table holds it up for a second at a time';
  const limit = accountLimits[(refusal.details as { resource?: string }).resource ?? ''];
  return [
    {
      code: refusal.code,
      effect: isNeeded ? 'blocking' : 'mended',
      message: `no second connection is to be had (${refusal.message}): ${consequence}`,
      remedy:
        limit === undefined
          ? `-- ${refusal.remedy}`
          : `-- It counts for connections made from then on; 0 is no limit.\nALTER USER ${access.user} WITH ${limit} 0;`,
      details: { ...refusal.details },
    },
  ];
};

const primary = '-- Connect to the primary server; or, where this one is to be written:\n';

/** The message and remedy of each kind of read-only. */
function readOnlyTexts({ database, user }: Access, { server }: Facts) {
  const forTransactions = server.flavour === 'mariadb' ? 'tx_read_only' : 'transaction_read_only';
  const byDefault = "every transaction of this session is read-only by default (the server's errno: 1792)";
  return {
    read_only: {
      message: `the server takes no writes of ${user}: read_only is on (the server's errno: 1290)`,
      remedy: `${primary}SET GLOBAL read_only = 0;`,
    },
    super_read_only: {
      message: "the server takes no writes of anyone: super_read_only is on (the server's errno: 1290)",
      // Also turns super_read_only off
      remedy: `${primary}SET GLOBAL read_only = 0;`,
    },
    innodb_read_only: {
      message: 'InnoDB takes no writes: innodb_read_only is on',
      remedy:
        '-- Connect to the primary server; or take innodb_read_only out of its configuration and restart it.',
    },
    transaction: {
      message: byDefault,
      remedy: `-- For connections made from then on.\nSET GLOBAL ${forTransactions} = 0;`,
    },
    init_connect: {
      message: `${byDefault}, as init_connect sets it`,
      remedy: `-- For connections made from then on.
SET GLOBAL init_connect = CONCAT(TRIM(TRAILING ';' FROM TRIM(@@GLOBAL.init_connect)), '; SET SESSION TRANSACTION READ WRITE');`,
    },
    schema: {
      message: `the database ${database} is read-only (the server's errno: 3989)`,
      remedy: `ALTER SCHEMA ${quoteName(database)} READ ONLY = 0;`,
    },
  };
}

/** The server takes no writes, but migrate has to write. If only late keys are to be written, they are skipped. */
export const serverReadOnly: Rule = (facts) => {
  const { access, pending, historyTable, keys } = facts;
  if (access === null || access.readOnly === null || !historyTable.isReadable) return [];
  const reason = access.readOnly;
  const found = { ...readOnlyTexts(access, facts)[reason], details: { reason } };
  if (pending.length > 0 || historyTable.reverting.length > 0) return [found];
  return keys
    .filter(({ state }) => state.status === 'to-add')
    .map(({ table, key }) => ({ ...found, effect: 'key-refused', table, key: key.name }));
};

/**
 * MariaDB forces another engine on every table that is made or rebuilt, and refuses InnoDB by name.
 *
 * @see https://mariadb.com/kb/en/server-system-variables/#enforce_storage_engine
 */
export const engineForced: Rule = ({ access, pending, historyTable }) => {
  const engine = access?.enforcedEngine ?? null;
  if (engine === null || (pending.length === 0 && historyTable.reverting.length === 0)) return [];
  return [
    {
      message: `the server makes every table with the engine ${engine}, which has no foreign keys: enforce_storage_engine is set (the server's errno: 1290)`,
      remedy:
        '-- For connections made from then on; its configuration sets it again when the server restarts.\nSET GLOBAL enforce_storage_engine = NULL;',
      details: { engine },
    },
  ];
};

/** A server setting with which acknowledged rows may be lost. It does not stop a migrate. */
export const serverSettingUnsafe = (settings: readonly UnsafeSetting[]): Finding[] =>
  settings.map(({ name, value, wanted, message, remedy }) => {
    const details = { setting: name, value, wanted };
    return findingOf('SERVER_SETTING_UNSAFE', { effect: 'noted', message, remedy, details });
  });
