import type { Flavour } from '../../../../src/engine/server/server';

/** How another server shows a line that MariaDB shows differently. Applied in the order of the list. */
export interface Wording {
  /** The difference, and the page of the manual that states it. */
  readonly reason: string;
  /** The part of MariaDB's line; must match at least one line. */
  readonly mariadb: RegExp;
  /** The replacement on the other server; null if it has no such line. */
  readonly here: string | null;
}

/** https://dev.mysql.com/doc/refman/8.4/en/ names the page in each reason. */
const mysql: readonly Wording[] = [
  {
    reason: 'MySQL has a type for JSON, without collation; in MariaDB it is text with a CHECK (json.html)',
    mariadb: /longtext (NULL|NOT NULL) utf8mb4_bin/,
    here: 'json $1',
  },
  {
    reason: 'so there is no CHECK for it',
    mariadb: /^check \S+ json_valid\(.*$/,
    here: null,
  },
  {
    reason: 'no display width, but for tinyint(1) (numeric-type-syntax.html)',
    mariadb: /(?<=(int|bigint))\((10|11|20)\)/,
    here: '',
  },
  {
    reason: 'a default of NULL is none (information-schema-columns-table.html)',
    mariadb: / default NULL/,
    here: '',
  },
  {
    reason: 'a literal default stands without its quotes (there too)',
    mariadb: / default '(.*)'$/,
    here: ' default $1',
  },
  {
    reason: 'the current time is a keyword, and an expression is called one (there too)',
    mariadb: / default current_timestamp\(\)/,
    here: ' default CURRENT_TIMESTAMP DEFAULT_GENERATED',
  },
  {
    reason: 'the same in ON UPDATE',
    mariadb: / on update current_timestamp\(\)/,
    here: ' on update CURRENT_TIMESTAMP',
  },
  {
    reason: 'any other expression likewise',
    mariadb: / default uuid\(\)$/,
    here: ' default uuid() DEFAULT_GENERATED',
  },
  {
    reason:
      'a CHECK with all its parentheses, and the charset of each literal (information-schema-check-constraints-table.html)',
    mariadb:
      /`flow_type` = 'backup' and `repository_id` is not null or `flow_type` = 'replication' and `destination_type` is not null/,
    here: "(((`flow_type` = _utf8mb4\\'backup\\') and (`repository_id` is not null)) or ((`flow_type` = _utf8mb4\\'replication\\') and (`destination_type` is not null)))",
  },
];

/** The only differences between the schema that a migrate leaves on MariaDB, and on each other kind of server. */
export const engineWords: Readonly<Record<Flavour, readonly Wording[]>> = { mariadb: [], mysql };

/** Translates the lines of MariaDB into those of the other server. */
export function translate(lines: readonly string[], wordings: readonly Wording[]): string[] {
  return wordings
    .reduce(
      (all, { mariadb, here }) =>
        all.flatMap((line) => {
          if (!mariadb.test(line)) return [line];
          return here === null ? [] : [line.replace(mariadb, here)];
        }),
      [...lines],
    )
    .sort();
}
