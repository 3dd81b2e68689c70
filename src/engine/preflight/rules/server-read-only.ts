import { quoteName } from '../../server/queryable';
import type { Flavour } from '../../server/server';
import type { Access, ReadOnlyReason } from '../access/read-access';
import { type Finding, type Rule } from '../finding';

const primary = '-- Connect to the primary server; or, where this one is to be written:\n';

interface Answer {
  readonly message: string;
  readonly remedy: string;
}

function answer(reason: ReadOnlyReason, { database, user }: Access, flavour: Flavour): Answer {
  switch (reason) {
    case 'read_only':
      return {
        message: `the server takes no writes of ${user}: read_only is on (the server's errno: 1290)`,
        remedy: `${primary}SET GLOBAL read_only = 0;`,
      };
    case 'super_read_only':
      return {
        message: "the server takes no writes of anyone: super_read_only is on (the server's errno: 1290)",
        // Takes super_read_only off as well
        remedy: `${primary}SET GLOBAL read_only = 0;`,
      };
    case 'innodb_read_only':
      return {
        message: 'InnoDB takes no writes: innodb_read_only is on',
        remedy:
          '-- Connect to the primary server; or take innodb_read_only out of its configuration and restart it.',
      };
    case 'transaction':
      return {
        message: "every transaction of this session is read-only by default (the server's errno: 1792)",
        remedy: `-- For connections made from then on.\nSET GLOBAL ${flavour === 'mariadb' ? 'tx_read_only' : 'transaction_read_only'} = 0;`,
      };
    case 'schema':
      return {
        message: `the database ${database} is read-only (the server's errno: 3989)`,
        remedy: `ALTER SCHEMA ${quoteName(database)} READ ONLY = 0;`,
      };
  }
}

/** The server takes no writes, and there is something to write; where that is late keys alone, they are left out. */
export const serverReadOnly: Rule = ({ access, pending, historyTable, keys, server }) => {
  if (access === null || access.readOnly === null || !historyTable.isReadable) return [];
  const parts = { ...answer(access.readOnly, access, server.flavour), details: { reason: access.readOnly } };
  const finding = (effect: Finding['effect'], table: string | null, key: string | null): Finding => ({
    code: 'SERVER_READ_ONLY',
    effect,
    table,
    key,
    ...parts,
  });
  if (pending.length > 0 || historyTable.reverting.length > 0) return [finding('blocking', null, null)];
  return keys
    .filter(({ state }) => state.status === 'to-add')
    .map(({ table, key }) => finding('key-refused', table, key.name));
};
