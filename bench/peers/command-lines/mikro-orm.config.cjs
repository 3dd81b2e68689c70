'use strict';
const { resolve } = require('node:path');
const { Migrator } = require('@mikro-orm/migrations');
const { EntitySchema, defineConfig } = require('@mikro-orm/mysql');

const first = new EntitySchema({ name: 'first', properties: { id: { type: 'integer', primary: true } } });

module.exports = defineConfig({
  clientUrl: process.env.DATABASE_URL,
  entities: [first],
  extensions: [Migrator],
  migrations: { path: resolve(__dirname, 'mikro-orm'), glob: '*.js', snapshot: false },
});
