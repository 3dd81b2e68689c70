import { useDatabase } from '../../support/database';
import { answer, expectSeenAndMended, flavour, inno, policies, without, type Scenario } from './scenario';

/** Guards each finding about a parent table: preflight sees it without a change, and its remedy removes it. */
const database = useDatabase({ platform: 'none', per: 'each' });

/** MariaDB refuses changes of a system-versioned table by default, and no old version of a row may be lost. */
const versioned: Record<string, Scenario> = {
  'a system-versioned parent without an index': {
    damage: [policies('id varchar(64)', `${inno} WITH SYSTEM VERSIONING`)],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: /no primary key or unique index/,
  },
  'a system-versioned parent with a visible period and without an index': {
    damage: [
      policies(
        'id varchar(64), since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)',
        `${inno} WITH SYSTEM VERSIONING`,
      ),
    ],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: /no primary key or unique index/,
  },
  'a system-versioned parent with numbers for ids': {
    damage: [policies('id int PRIMARY KEY', `${inno} WITH SYSTEM VERSIONING`)],
    code: 'FK_TYPE_MISMATCH',
    effect: 'blocking',
    says: /int/,
  },
  'a system-versioned parent without ids': {
    damage: [
      policies('policy_key int PRIMARY KEY', `${inno} WITH SYSTEM VERSIONING`),
      'INSERT INTO backup_policies VALUES (1), (2)',
    ],
    code: 'FK_TYPE_MISMATCH',
    effect: 'blocking',
    says: /no column id/,
  },
  'a system-versioned parent with its history in partitions': {
    damage: [
      policies(
        'id varchar(64) PRIMARY KEY',
        `${inno} WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p HISTORY, PARTITION n CURRENT)`,
      ),
    ],
    code: 'FK_TABLE_PARTITIONED',
    effect: 'blocking',
    says: /partitioned/,
  },
  'a system-versioned parent with another engine': {
    damage: [policies('id varchar(64) PRIMARY KEY', 'ENGINE=MyISAM WITH SYSTEM VERSIONING')],
    code: 'ENGINE_NOT_INNODB',
    effect: 'blocking',
    says: /MyISAM/,
  },
};

const parents: Record<string, Scenario> = {
  'a parent with another engine': {
    damage: [policies('id varchar(64) PRIMARY KEY', 'ENGINE=MyISAM')],
    code: 'ENGINE_NOT_INNODB',
    effect: 'blocking',
    says: answer(/MyISAM.*MariaDB itself.*1005 with errno 150/, /MyISAM.*MySQL itself.*1824/),
  },
  'a parent that is a view': {
    damage: ["CREATE VIEW backup_policies AS SELECT 'x' AS id"],
    code: 'ENGINE_NOT_INNODB',
    effect: 'blocking',
    says: /backup_policies is a view/,
  },
  'a partitioned parent': {
    damage: [policies('id varchar(64) PRIMARY KEY', `${inno} PARTITION BY KEY (id) PARTITIONS 2`)],
    code: 'FK_TABLE_PARTITIONED',
    effect: 'blocking',
    says: answer(/partitioned.*takes the key, and checks nothing/, /partitioned.*1506/),
  },
  'a parent with numbers for ids': {
    damage: [policies('id int AUTO_INCREMENT PRIMARY KEY')],
    code: 'FK_TYPE_MISMATCH',
    effect: 'blocking',
    says: answer(/varchar\(64\).*int.*1822/, /varchar\(64\).*int.*3780/),
  },
  'a parent with binary ids': {
    damage: [policies('id varbinary(64) PRIMARY KEY')],
    code: 'FK_TYPE_MISMATCH',
    effect: 'blocking',
    says: /varbinary\(64\)/,
  },
  'a parent without ids': {
    damage: [policies('policy_key int PRIMARY KEY'), 'INSERT INTO backup_policies VALUES (1), (2)'],
    code: 'FK_TYPE_MISMATCH',
    effect: 'blocking',
    says: /backup_policies has no column id/,
  },
  'a parent without an index': {
    damage: [policies('id varchar(64)')],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: answer(/backup_policies\.id.*1005/, /backup_policies\.id.*6125/),
  },
  'a parent with an index that is not unique': {
    damage: [policies('id varchar(64), INDEX (id)')],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: /no primary key or unique index/,
  },
  'a parent with a unique index over a prefix that has the name of the index in the remedy': {
    damage: [policies('id varchar(64), UNIQUE INDEX uq_backup_policies_id (id(10))')],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: /over its whole length/,
  },
  'a parent with the id as the second column of the primary key': {
    damage: [policies('id varchar(64), other int, PRIMARY KEY (other, id)')],
    code: 'FK_PARENT_NOT_INDEXED',
    effect: 'blocking',
    says: /of its own/,
  },
  'a name of a key that another table has taken': {
    damage: [
      policies('id varchar(64) PRIMARY KEY'),
      `CREATE TABLE old_flows (policy_id varchar(64), CONSTRAINT fk_flows_policy FOREIGN KEY (policy_id)
         REFERENCES backup_policies (id) ON DELETE SET NULL) ${inno}`,
    ],
    code: 'CONSTRAINT_NAME_TAKEN',
    effect: 'blocking',
    says: answer(/fk_flows_policy is taken by a foreign key of old_flows.*errno 121/, /old_flows.*1826/),
  },
  ...(flavour === 'mariadb' ? versioned : {}),
  'a parent with another engine that appears after all migrations': {
    migrated: true,
    damage: [policies('id varchar(64) PRIMARY KEY', 'ENGINE=MyISAM')],
    code: 'ENGINE_NOT_INNODB',
    effect: 'key-refused',
    says: /MyISAM/,
  },
};

describe('preflight changes nothing, and its pasted remedies let the next migrate succeed, for', () => {
  it.each(Object.entries(parents))('%s', (_name, scenario) =>
    expectSeenAndMended(database, without('backup_policies'), scenario),
  );
});
