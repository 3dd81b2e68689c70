import type { Connection } from 'mysql2/promise';
import { quoteName } from '../../../src/engine/server/queryable';
import { sharedServer } from '../../support/shared-server';

/** Every byte from 0 to `last`, in hexadecimal digits. */
const bytesUpTo = (last: number): string =>
  Array.from({ length: last + 1 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');

const texts = [
  null,
  '',
  ' ',
  'it\'s "quoted" `back` \\ \\\' ? ?? :a 100% _',
  'line\r\nnext\ttab\0nul\x1a\b\x7f\u2028',
  '😀 日本語 ñ \u{10FFFF} e\u0301',
  'null',
  '{"hex": "41"}',
  '0x41',
  'ÿ',
];

const latin1 = `l varchar(300) CHARACTER SET latin1 COLLATE latin1_german1_ci`;

/** Columns with their type and SQL values. The rows take the values of a column in turn, so that each is used. */
const columns: Readonly<Record<string, { readonly type: string; readonly values: readonly string[] }>> = {
  big: {
    type: 'bigint NULL',
    values: ['9007199254740993', '-9223372036854775808', '9223372036854775807', '0', 'NULL'],
  },
  ubig: { type: 'bigint unsigned NULL', values: ['18446744073709551615', '18446744073709551614', 'NULL'] },
  zero: { type: 'int(6) zerofill NULL', values: ['42', '0', 'NULL'] },
  flag: { type: 'tinyint(1) NULL', values: ['1', '0', '-7', 'NULL'] },
  dec: {
    type: 'decimal(65,30) NULL',
    values: ["'12345678901234567890123456789012345.123456789012345678901234567890'", "'-0.1'", 'NULL'],
  },
  single: {
    type: 'float NULL',
    values: ["'0.1'", "'3.402823466e38'", "'1e-45'", "'16777217'", "'-0.0'", 'NULL'],
  },
  twice: {
    type: 'double NULL',
    values: [
      "'0.1'",
      "'-2.2250738585072014e-308'",
      "'1.7976931348623157e308'",
      "'5e-324'",
      '1e0/3e0',
      "'-0.0'",
      'NULL',
    ],
  },
  rounded: { type: 'double(20,4) NULL', values: ["'123456.7891'", 'NULL'] },
  bits: { type: 'bit(64) NULL', values: ["b'1'", '~0', "b'0'", '39', 'NULL'] },
  fixed: { type: 'binary(4) NULL', values: ["X'00ff'", "X''", "X'20202020'", 'NULL'] },
  bytes: { type: 'varbinary(300) NULL', values: [`X'${bytesUpTo(255)}'`, "X''", 'NULL'] },
  blob1: { type: 'longblob NULL', values: ["REPEAT(X'00275c', 60000)", 'NULL'] },
  day: {
    type: 'date NULL',
    values: ["'2024-02-29'", "'9999-12-31'", "'0000-00-00'", "'2024-02-00'", 'NULL'],
  },
  moment: {
    type: 'datetime(6) NULL',
    values: ["'2024-10-27 01:30:00.000001'", "'1000-01-01'", "'0000-00-00'", "'2023-02-31'", 'NULL'],
  },
  stamp: {
    type: 'timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)',
    values: ["'2024-03-31 01:30:00.123'", "'2038-01-19 03:14:07.999'", "'0000-00-00'", 'NULL'],
  },
  span: { type: 'time(6) NULL', values: ["'-838:59:58.999999'", "'00:00:00.000001'", 'NULL'] },
  year1: { type: 'year NULL', values: ["'1901'", "'0000'", "'2155'", 'NULL'] },
  kind: { type: `enum('a','it''s','x y','') NULL`, values: ["'a'", "'it''s'", "''", 'NULL'] },
  // The error value that a lax server stores for an unknown word, with and without a member that looks like it
  kindOrNot: { type: `enum('a','') CHARACTER SET latin1 NULL`, values: ['@error', "''", "'a'", 'NULL'] },
  kindKnown: { type: `enum('1','it''s','0') NOT NULL`, values: ['@error', "'0'", "'1'"] },
  kindFar: { type: `enum('中文') CHARACTER SET gbk`, values: ['@error', "'中文'", 'NULL'] },
  kinds: { type: `set('a','b','x y') NULL`, values: ["'a,x y'", "''", 'NULL'] },
  latin: {
    type: latin1.replace('l ', ''),
    values: [`CAST(X'${bytesUpTo(255)}' AS BINARY)`, "'é'", 'NULL'],
  },
  plain: {
    type: 'varchar(300) CHARACTER SET ascii',
    values: [`CAST(X'${bytesUpTo(127)}' AS BINARY)`, "'a'", 'NULL'],
  },
  chinese: { type: 'varchar(20) CHARACTER SET gbk', values: ["'中文 \\\\'", "''", 'NULL'] },
  wide: { type: 'varchar(20) CHARACTER SET utf16', values: ["'😀x'", "''", 'NULL'] },
  wild: { type: 'varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', values: ["'ſ ß'", 'NULL'] },
  padded: { type: 'char(10) NULL', values: ["'x  '", "''", 'NULL'] },
  place: { type: 'geometry NULL', values: ["ST_GeomFromText('POINT(1 2)')", 'NULL'] },
  doc: {
    type: 'json NULL',
    values: [
      `'{"b":  1.50, "a": "it''s \\\\"x\\\\" \\\\\\\\ 😀", "n": [9007199254740993, null, true, {}], "": []}'`,
      `'"text"'`,
      `'null'`,
      `'  {"a" : 1}'`,
      'NULL',
    ],
  },
  small: { type: 'tinytext', values: ["REPEAT('x', 255)", "REPEAT('é', 127)"] },
  middle: { type: 'text', values: ["REPEAT('x', 65535)", "''"] },
  long1: { type: 'longtext NULL', values: ["REPEAT('😀''\\\\', 40000)", "''", 'NULL'] },
  "a \"strange\" `name`? 'it' is, isn't it": { type: 'int NULL', values: ['1', 'NULL'] },
  'back\\slash': { type: 'int NULL', values: ['2', 'NULL'] },
  hidden: { type: 'int NOT NULL DEFAULT 5 INVISIBLE', values: ['6', '7'] },
  sum1: { type: 'bigint AS (1 + 1) VIRTUAL', values: [] },
  sum2: { type: 'varchar(400) AS (CONCAT(words, 1)) STORED', values: [] },
};

/** MariaDB's own types, and the bytes above 127 that its ascii accepts. */
const ofMariadb: typeof columns = {
  uid: { type: 'uuid NULL', values: ["'123e4567-e89b-12d3-a456-426655440000'", 'NULL'] },
  address: { type: 'inet6 NULL', values: ["'2001:db8::ff00:42:8329'", 'NULL'] },
  loose: {
    type: 'varchar(300) CHARACTER SET ascii',
    values: [`CAST(X'${bytesUpTo(255)}' AS BINARY)`, 'NULL'],
  },
};

const errorValue = '@error';
const laxMode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO';

/** The number of rows that {@link createNastyTable} inserts. */
export const nastyRows = texts.length;

/**
 * Creates a table with `id`, `parent` with the given clause, and columns of all types in which a value may be lost.
 * Inserts rows whose parent `parent.of` names.
 */
export async function createNastyTable(
  connection: Connection,
  table: string,
  parent: {
    readonly type: string;
    readonly clause: string;
    readonly of: (row: number) => string;
    /** False leaves out the column whose name has a question mark, which drivers treat differently. */
    readonly questionMarks: boolean;
  },
): Promise<void> {
  const known = { ...columns, ...(sharedServer().flavour === 'mariadb' ? ofMariadb : {}) };
  const all = Object.fromEntries(
    Object.entries(known).filter(([name]) => parent.questionMarks || !name.includes('?')),
  );
  const definitions = Object.entries(all).map(([name, { type }]) => `${quoteName(name)} ${type}`);
  // A lax mode, in which such values can be stored
  await connection.query(`SET SESSION sql_mode = 'STRICT_TRANS_TABLES,${laxMode}'`);
  await connection.query(
    `CREATE TABLE ${table} (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, parent ${parent.type},
       words text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, ${definitions.join(', ')}, ${parent.clause}) ENGINE=InnoDB`,
  );
  const filled = Object.entries(all).filter(([, { values }]) => values.length > 0);
  const names = ['id', 'parent', 'words', ...filled.map(([name]) => name)].map(quoteName).join(', ');
  for (const [row, words] of texts.entries()) {
    const values = filled.map(([, { values: some }]) => some[row % some.length] ?? 'NULL');
    const isLax = values.includes(errorValue);
    const text = words === null ? 'NULL' : `_utf8mb4 X'${Buffer.from(words).toString('hex')}'`;
    if (isLax) await connection.query(`SET SESSION sql_mode = '${laxMode}'`);
    await connection.query(
      `INSERT INTO ${table} (${names}) VALUES (${row}, '${parent.of(row)}', ${text}, ${values.join(', ').replaceAll(errorValue, '0')})`,
    );
    if (isLax) await connection.query(`SET SESSION sql_mode = 'STRICT_TRANS_TABLES,${laxMode}'`);
  }
}
