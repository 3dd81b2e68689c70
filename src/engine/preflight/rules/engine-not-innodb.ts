import { obstacleRule } from '../key-findings';
import { blocking, type Rule } from '../finding';

/** One end of a key is a view, or a table of an engine without foreign keys. */
const tableNotInnodb = obstacleRule('ENGINE_NOT_INNODB');

/**
 * MariaDB forces another engine on every table that is made or rebuilt, and refuses InnoDB by name.
 *
 * @see https://mariadb.com/kb/en/server-system-variables/#enforce_storage_engine
 */
const engineForced: Rule = ({ access, pending, historyTable }) => {
  const engine = access?.enforcedEngine ?? null;
  if (engine === null || (pending.length === 0 && historyTable.reverting.length === 0)) return [];
  return [
    blocking({
      code: 'ENGINE_NOT_INNODB',
      table: null,
      message: `the server makes every table with the engine ${engine}, which has no foreign keys: enforce_storage_engine is set (the server's errno: 1290)`,
      remedy:
        '-- For connections made from then on; its configuration sets it again when the server restarts.\nSET GLOBAL enforce_storage_engine = NULL;',
      details: { engine },
    }),
  ];
};

/** Tables that are not InnoDB, or would not become so. */
export const engineNotInnodb: Rule = (facts) => [...engineForced(facts), ...tableNotInnodb(facts)];
