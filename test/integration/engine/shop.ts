import {
  addForeignKey,
  addIndex,
  column,
  createTable,
  foreignKey,
  index,
  nullable,
  table,
  unique,
  type Migration,
  type Subject,
} from '../../../src/engine';

const customers = table('shop_customers', {
  columns: [column('id', 'varchar(36)'), column('email', 'varchar(255)')],
  indexes: [unique('uq_customers_email', 'email')],
});

const orders = table('shop_orders', {
  columns: [
    column('id', 'varchar(36)'),
    nullable('customer_id', 'varchar(36)'),
    column('placed_at', 'datetime'),
  ],
});

const byCustomer = index('idx_orders_customer', 'customer_id');

const createShop: Migration = {
  name: 'CreateShop1800000000000',
  breaking: false,
  steps: [createTable(customers), createTable(orders)],
};

const tieOrdersToCustomers: Migration = {
  name: 'TieOrdersToCustomers1800000001000',
  breaking: false,
  steps: [
    addIndex('shop_orders', byCustomer),
    addForeignKey(
      'shop_orders',
      foreignKey('fk_orders_customer', 'customer_id', { table: 'shop_customers', column: 'id' }, 'CASCADE'),
      byCustomer,
    ),
  ],
};

/** An application's own tables: two, with one key. */
export const shop: Subject = {
  package: '@shop/schema',
  command: 'shop-schema',
  environment: 'SHOP',
  version: '1.0.0',
  tablePrefix: 'shop_schema',
  migrations: [createShop, tieOrdersToCustomers],
};
