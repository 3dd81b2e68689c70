import type { ErrorCode } from '../../../errors';
import { flavourNames, type Flavour } from '../../server/server';
import { effectOn, type Rule } from '../finding';

type Answers = Readonly<Record<Flavour, string>>;

const anyFault = '1005 with errno 150, or 1822 (a missing index) with foreign_key_checks = 0';

/**
 * What each server itself answers to such a key: errors that name another fault, or no error. All tried on MariaDB 10.11 and
 * 11.8 and on MySQL 9.7.
 */
const answers: Partial<Record<ErrorCode, Answers>> = {
  ENGINE_NOT_INNODB: {
    mariadb: '1005 with errno 150; with foreign_key_checks = 0 it takes the key, and checks nothing',
    mysql:
      '1824 (a table it failed to open); with foreign_key_checks = 0 it takes the key, and checks nothing',
  },
  FK_TYPE_MISMATCH: { mariadb: anyFault, mysql: '3780 (incompatible columns) or 3734 (a missing column)' },
  FK_COLLATION_MISMATCH: { mariadb: anyFault, mysql: '3780 (incompatible columns)' },
  FK_PARENT_NOT_INDEXED: { mariadb: anyFault, mysql: '6125 (a missing unique key)' },
  FK_PARENT_MISSING: {
    mariadb: '1005 with errno 150; with foreign_key_checks = 0 it takes the key',
    mysql: '1824 (a table it failed to open); with foreign_key_checks = 0 it takes the key',
  },
  FK_TABLE_PARTITIONED: {
    mariadb:
      '1506 for the child; for the parent 1005 with errno 150, and with foreign_key_checks = 0 it takes the key, and checks nothing',
    mysql: '1506',
  },
  FK_ORPHAN_ROWS: {
    mariadb: '1452; with foreign_key_checks = 0 it takes the key and leaves the rows as they are',
    mysql: '1452; with foreign_key_checks = 0 it takes the key and leaves the rows as they are',
  },
};

/** `. MariaDB itself would answer …`, to append to a message; empty where the server's own answer is clear. */
export function serverAnswer(code: ErrorCode, flavour: Flavour): string {
  const answer = answers[code]?.[flavour];
  return answer === undefined ? '' : `. ${flavourNames[flavour]} itself would answer ${answer}`;
}

/** Keys with an obstacle of that code. */
export const keyObstacles: Rule = ({ keys, plan, server }, code) => {
  // The remedy for a refused table also repairs its columns
  const refused: readonly string[] = plan.refusals.flatMap(({ step }) => step.creates ?? []);
  return keys.flatMap((fact) => {
    if (fact.state.status !== 'refused') return [];
    return fact.state.obstacles
      .filter((obstacle) => obstacle.code === code && !refused.includes(obstacle.table))
      .map(({ table, message, remedy }) => ({
        effect: effectOn(fact),
        table,
        key: fact.key.name,
        message: `${message}${serverAnswer(code, server.flavour)}`,
        remedy,
        details: { child: fact.table, parent: fact.key.parentTable },
      }));
  });
};
