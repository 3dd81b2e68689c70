import { writerMark } from './own-marks';

/**
 * A server variable that every session sets, whatever the server's default and init_connect: its value as SQL, and what
 * another value would do.
 */
export type SessionVariable = Readonly<Record<'name' | 'value' | 'why', string>>;

/**
 * The sql_mode of every session: the default of MySQL 8.4, valid on MariaDB 10.11 too. It replaces the server's sql_mode,
 * which may hold ANSI_QUOTES or NO_BACKSLASH_ESCAPES: with the latter a value breaks out of mysql2's `query('… ?')`.
 */
const sqlMode =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,' +
  'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

/** The collation of literals and of everything the client sends; mysql2 uses this name too. */
export const sessionCollation = 'utf8mb4_unicode_ci';

const variable = (name: string, value: string, why: string): SessionVariable => ({ name, value, why });

const isolation = (name: string): SessionVariable =>
  variable(
    name,
    "'REPEATABLE-READ'",
    'READ UNCOMMITTED shows rows that nobody committed; with READ COMMITTED and binlog_format=STATEMENT no row can be written (1665)',
  );

/**
 * Every session variable that changes what a statement returns or does, or that ends it. Any user may set them; for some
 * others MySQL requires SESSION_VARIABLES_ADMIN (innodb_strict_mode, tried).
 *
 * MariaDB no longer has or obeys those of `mariadbOld`: tx_isolation from 11.1, alter_algorithm from 11.5.
 *
 * @see https://mariadb.com/docs/server/server-management/variables-and-modes/server-system-variables
 * @see https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html
 */
export const sessionVariables = {
  both: [
    variable('time_zone', "'+00:00'", 'a timestamp is written and read in another zone'),
    variable('sql_mode', `'${sqlMode}'`, 'values are cut short, quotes mean something else'),
    variable('autocommit', '1', 'a statement alone is not committed'),
    variable('completion_type', "'NO_CHAIN'", 'a COMMIT begins the next transaction, or ends the session'),
    variable('foreign_key_checks', '1', 'rows without a parent are let in'),
    variable('unique_checks', '1', 'a name is given twice'),
    variable('sql_safe_updates', '0', 'an UPDATE or DELETE that uses no key is refused'),
    variable('sql_quote_show_create', '1', 'SHOW CREATE TABLE is read by its quotes'),
    variable('sql_select_limit', '18446744073709551615', 'a SELECT ends after so many rows, without a word'),
    variable('sql_big_selects', '1', 'a SELECT over more rows than max_join_size is refused (1104)'),
    variable('max_sort_length', '1024', 'values that differ behind it are sorted and grouped as equal'),
    variable('group_concat_max_len', '1048576', 'GROUP_CONCAT is cut short'),
    variable('div_precision_increment', '4', 'quotients have other decimals'),
    variable('default_week_format', '0', 'WEEK() counts otherwise'),
    variable('lc_time_names', "'en_US'", 'names of days and months come in another language'),
    variable('lc_messages', "'en_US'", 'errors come in another language: key and column are read from them'),
    variable('sql_auto_is_null', '0', '`id IS NULL` finds the row that was inserted last'),
    variable('wait_timeout', '28800', 'a session ends while it waits for a table, or rests in the pool'),
    variable('net_read_timeout', '30', 'a session ends in the middle of a long statement'),
    variable('net_write_timeout', '60', 'a session ends while its rows are being read'),
  ],
  mariadb: [
    variable('max_statement_time', '0', 'a statement ends in the middle (1969)'),
    variable('check_constraint_checks', '1', 'rows that a CHECK refuses are let in'),
    variable('system_versioning_asof', 'DEFAULT', 'a SELECT from a system-versioned table shows the past'),
    variable('innodb_strict_mode', '1', 'CREATE TABLE makes another table than the one asked for'),
    variable('sql_if_exists', '0', 'DDL on something that is not there succeeds'),
    variable('max_recursive_iterations', '1000', 'a recursive SELECT ends early'),
  ],
  mariadbOld: [
    isolation('tx_isolation'),
    variable('alter_algorithm', "'DEFAULT'", 'an ALTER copies the table, or is refused (1846)'),
  ],
  mariadbNew: [isolation('transaction_isolation')],
  mysql: [
    variable('max_execution_time', '0', 'a SELECT ends in the middle (3024)'),
    isolation('transaction_isolation'),
    variable('information_schema_stats_expiry', '0', 'sizes of tables are those of yesterday'),
    variable('show_gipk_in_create_table_and_information_schema', '1', 'a generated primary key is hidden'),
    variable('cte_max_recursion_depth', '1000', 'a recursive SELECT is refused early (3636)'),
    variable('old_alter_table', '0', 'an ALTER copies the table'),
  ],
} as const satisfies Readonly<Record<string, readonly SessionVariable[]>>;

const assignments = (variables: readonly SessionVariable[]): string =>
  variables.map(({ name, value }) => `SESSION ${name} = ${value}`).join(', ');

/**
 * The statement that sets all of them, in one round trip and before the kind of server is known. Variables of one kind stand
 * in comments that the other kind, an older version, or a proxy that removes comments ignores.
 *
 * MariaDB ignores MySQL's comments of the versions 50700 to 99999. On a MariaDB that has the new names, the `#` comments out
 * the old ones, up to the end of the line.
 *
 * @see https://mariadb.com/kb/en/comment-syntax/
 */
export const sessionStatement = [
  `SET NAMES utf8mb4 COLLATE ${sessionCollation}, ${writerMark} = 1, ${assignments(sessionVariables.both)}`,
  `/*!80400 , ${assignments(sessionVariables.mysql)} */`,
  `/*M!101100 , ${assignments(sessionVariables.mariadb)} */`,
  `/*M!110500 , ${assignments(sessionVariables.mariadbNew)} # */`,
  `/*M!101100 , ${assignments(sessionVariables.mariadbOld)}\n*/`,
].join(' ');
