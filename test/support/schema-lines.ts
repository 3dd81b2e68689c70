import { select, type Queryable, type Row } from '../../src/engine/server/queryable';

const ofThisDatabase = 'TABLE_SCHEMA = DATABASE()';

/** Reads tables from information_schema, in the server's own words: a line for each object, in alphabetical order. */
export async function schemaLines(session: Queryable, tables: RegExp): Promise<string[]> {
  const read = async (sql: string): Promise<Row[]> =>
    (await select(session, sql)).filter(({ t }) => tables.test(String(t)));
  const groups = [
    await read(
      `SELECT TABLE_NAME AS t, CONCAT_WS(' ', 'table', TABLE_NAME, ENGINE, ROW_FORMAT, TABLE_COLLATION, NULLIF(CREATE_OPTIONS, ''))
         AS line FROM information_schema.TABLES WHERE ${ofThisDatabase} ORDER BY TABLE_NAME`,
    ),
    await read(
      `SELECT TABLE_NAME AS t, CONCAT_WS(' ', 'column', CONCAT(TABLE_NAME, '.', COLUMN_NAME), COLUMN_TYPE,
              IF(IS_NULLABLE = 'YES', 'NULL', 'NOT NULL'), COLLATION_NAME, CONCAT('default ', COLUMN_DEFAULT), NULLIF(EXTRA, '')) AS line
         FROM information_schema.COLUMNS WHERE ${ofThisDatabase} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    ),
    await read(
      `SELECT TABLE_NAME AS t, CONCAT_WS(' ', IF(MAX(NON_UNIQUE) = 1, 'index', 'unique index'),
              CONCAT(TABLE_NAME, '.', INDEX_NAME), INDEX_TYPE,
              CONCAT('(', GROUP_CONCAT(CONCAT_WS(' ', COLUMN_NAME, SUB_PART, IF(COLLATION = 'D', 'DESC', NULL)) ORDER BY SEQ_IN_INDEX SEPARATOR ', '), ')')) AS line
         FROM information_schema.STATISTICS WHERE ${ofThisDatabase}
        GROUP BY TABLE_NAME, INDEX_NAME, INDEX_TYPE ORDER BY TABLE_NAME, INDEX_NAME`,
    ),
    await read(
      `SELECT k.TABLE_NAME AS t, CONCAT('key ', k.TABLE_NAME, '.', k.CONSTRAINT_NAME, ' (', k.COLUMN_NAME, ') to ', k.REFERENCED_TABLE_NAME,
              ' (', k.REFERENCED_COLUMN_NAME, ') ON DELETE ', r.DELETE_RULE, ' ON UPDATE ', r.UPDATE_RULE) AS line
         FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
           ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
        WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME`,
    ),
    await read(
      `SELECT t.TABLE_NAME AS t, CONCAT('check ', t.TABLE_NAME, '.', t.CONSTRAINT_NAME, ' ', c.CHECK_CLAUSE) AS line
         FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
           ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
        WHERE t.TABLE_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK' ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME`,
    ),
  ];
  return groups
    .flat()
    .map(({ line }) => String(line))
    .sort();
}
