import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import {
  check,
  column,
  foreignKey,
  index,
  nullable,
  table,
  unique,
} from '../../../src/engine/schema/declare';
import { alterSql, createTableSql, foreignKeySql } from '../../../src/engine/schema/ddl';
import type { ForeignKey, Schema, Table } from '../../../src/engine/schema/shape';
import { insideTransaction } from '../../../src/engine/server/queryable';
import { detectServer } from '../../../src/engine/server/server';
import {
  cascadeDeleteCheck,
  restrictCheck,
  setNullCheck,
} from '../../../src/engine/verify/checks/delete-rules';
import { checkConstraintsCheck } from '../../../src/engine/verify/checks/check-constraints';
import { indexesCheck } from '../../../src/engine/verify/checks/indexes';
import type { Check, VerifyContext } from '../../../src/engine/verify/context';
import { LastingEffects } from '../../../src/engine/probe/lasting-effects';
import type { Probes } from '../../../src/engine/subject/parts';
import type { CheckOutcome } from '../../../src/engine/verify/report';
import { useDatabase } from '../../support/database';

const id = { ...column('id', 'int'), extra: 'auto_increment' };
const keyTo = (parent: string, from: string, onDelete: ForeignKey['onDelete']): ForeignKey =>
  foreignKey(`fk_${from}`, from, { table: parent, column: 'id' }, onDelete);

/** Tables of a shop: numeric ids, a key with each delete rule, unique indexes of two columns and of a number, a CHECK. */
const shop: readonly Table[] = [
  table('customers', { columns: [id, column('name', 'varchar(40)')], indexes: [] }),
  table('vouchers', { columns: [{ ...column('id', 'int unsigned') }], indexes: [] }),
  {
    ...table('articles', {
      columns: [column('id', 'smallint'), nullable('part_of', 'smallint')],
      indexes: [index('idx_part_of', 'part_of')],
    }),
    foreignKeys: [keyTo('articles', 'part_of', 'CASCADE')],
  },
  {
    ...table('orders', {
      columns: [
        id,
        column('customer', 'int'),
        column('article', 'smallint'),
        nullable('voucher', 'int unsigned'),
        column('code', 'char(8)'),
        column('number', 'bigint'),
        column('pieces', 'int', { default: "'1'" }),
      ],
      indexes: [
        unique('uq_code', 'code', 'article'),
        unique('uq_number', 'number'),
        index('idx_customer', 'customer'),
        index('idx_article', 'article'),
        index('idx_voucher', 'voucher'),
      ],
      checks: [check('chk_pieces', 'pieces > 0')],
    }),
    foreignKeys: [
      keyTo('customers', 'customer', 'CASCADE'),
      keyTo('articles', 'article', 'RESTRICT'),
      keyTo('vouchers', 'voucher', 'SET NULL'),
    ],
  },
];
const declared: Schema = new Map(shop.map((one) => [one.name, one]));
const probes: Probes = {
  tables: { orders: { one: 'order', many: 'orders' } },
  checks: {
    chk_pieces: {
      refused: { 'an order of nothing': { pieces: '0' } },
      accepted: { pieces: '2' },
      repair: {
        title: 'Gives each order a piece.',
        statements: ['UPDATE orders SET pieces = 1 WHERE pieces < 1'],
      },
    },
  },
};

const database = useDatabase({ platform: 'none', per: 'each' });

beforeEach(async () => {
  const server = await detectServer(database.session);
  for (const one of shop) await database.session.query(createTableSql(one));
  for (const { name, foreignKeys } of shop)
    for (const key of foreignKeys)
      await database.session.query(alterSql(name, `ADD ${foreignKeySql(key, server.flavour)}`));
});

/** Runs a check as verify does, and returns its outcome. */
async function outcomeOf({ run }: Check, known: Probes = probes): Promise<CheckOutcome> {
  const session = insideTransaction(database.session);
  const server = await detectServer(session);
  const context: VerifyContext = {
    ...{ session, server, database: database.name, declared, probes: known },
    live: await readCatalog(session, server, [...declared.keys()]),
    history: {
      names: { package: 'shop', command: 'shop', table: 'shop_migrations' },
      rows: [],
      pending: [],
      table: null,
      migrateMends: false,
    },
    ...{ known: [], orphans: [], triggers: [], hidden: [], guards: null, readings: [] },
    effects: new LastingEffects(session, database.name),
  };
  await session.query('START TRANSACTION');
  try {
    return await run(context);
  } finally {
    await session.query('ROLLBACK');
  }
}

const orders = (change: string): Promise<unknown> => database.session.query(`ALTER TABLE orders ${change}`);

// Guards that verify can prove any tables, not only our two.
describe('the behaviour of tables that the engine does not know', () => {
  it('is proven from their declaration', async () => {
    const checks = [indexesCheck, checkConstraintsCheck, cascadeDeleteCheck, setNullCheck, restrictCheck];
    const summaries: string[] = [];
    for (const one of checks) {
      const { status, summary } = await outcomeOf(one);
      summaries.push(`${one.id}: ${status}: ${summary}`);
    }
    expect(summaries).toEqual([
      'indexes: pass: 6 indexes as declared; a second order of a code and article, in capitals, is refused (errno 1062); a second order of a number is refused (errno 1062)',
      'check-constraints: pass: chk_pieces refuses 1 kinds of wrong order, and lets a right one in',
      'cascade-delete: pass: a row of articles took its 2 rows of articles along, and no others, a row of customers took its 2 orders along, and no others',
      'set-null: pass: a reference was cleared when its parent was deleted',
      'restrict: pass: a used row of articles was kept (errno 1451), rows without parent were refused',
    ]);
  });

  it('is proven from the declaration alone when the subject has no probes', async () => {
    expect(await outcomeOf(checkConstraintsCheck, { tables: {}, checks: {} })).toMatchObject({
      status: 'pass',
      summary: 'chk_pieces lets a right row of orders in',
    });
  });

  it('is not skipped when the fault is in the program itself', async () => {
    const faulty: Probes = {
      checks: {},
      get tables(): never {
        throw new TypeError('a fault of the program');
      },
    };
    await expect(outcomeOf(setNullCheck, faulty)).rejects.toThrow('a fault of the program');
  });

  it('fails when a key acts differently on a delete', async () => {
    await orders('DROP FOREIGN KEY fk_customer');
    await orders('ADD CONSTRAINT fk_customer FOREIGN KEY (customer) REFERENCES customers (id)');
    await orders('DROP FOREIGN KEY fk_voucher');
    await orders(
      'ADD CONSTRAINT fk_voucher FOREIGN KEY (voucher) REFERENCES vouchers (id) ON DELETE CASCADE',
    );
    await orders('DROP FOREIGN KEY fk_article');
    expect(await outcomeOf(cascadeDeleteCheck)).toMatchObject({ status: 'fail' });
    expect(await outcomeOf(setNullCheck)).toMatchObject({
      status: 'fail',
      summary: 'fk_voucher: a row of vouchers was deleted, and the row of orders that named it went with it',
    });
    expect(await outcomeOf(restrictCheck)).toMatchObject({
      status: 'fail',
      summary: 'fk_article: a row of articles that an order uses was deleted',
    });
  });

  it('fails when a CHECK accepts a wrong row, or rows violate it', async () => {
    await database.session.query(
      'CREATE TRIGGER more BEFORE INSERT ON orders FOR EACH ROW SET NEW.pieces = NEW.pieces + 1',
    );
    expect(await outcomeOf(checkConstraintsCheck)).toMatchObject({
      status: 'fail',
      summary: 'chk_pieces is there, but an order of nothing was let in',
    });
    await orders('DROP CONSTRAINT chk_pieces');
    await database.session.query('SET foreign_key_checks = 0');
    await database.session.query(
      "INSERT INTO orders (customer, article, code, number, pieces) VALUES (1, 1, 'x', 1, -1)",
    );
    await database.session.query('SET foreign_key_checks = 1');
    const { status, summary, remedy } = await outcomeOf(checkConstraintsCheck);
    const none = {
      ...{ tables: [], columns: [], indexes: [], 'check-constraints': [] },
      ...{ 'foreign-keys': [], 'key-compatibility': [], orphans: [] },
    };
    expect({ status, summary }).toEqual({
      status: 'fail',
      summary: expect.stringContaining('1 rows of orders break chk_pieces') as string,
    });
    expect(typeof remedy === 'function' && remedy(none)).toContain(
      'UPDATE orders SET pieces = 1 WHERE pieces < 1;',
    );
  });
});
