'use strict';
// Plain TypeORM: a DataSource whose migrations execute the statements that this package plans for an empty database.
const { DataSource } = require('typeorm');

const migrations = JSON.parse(process.env.BENCH_MIGRATIONS).map(
  ([name, statements]) =>
    class {
      name = name;
      async up(runner) {
        for (const sql of statements) await runner.query(sql);
      }
      async down() {}
    },
);

exports.dataSource = new DataSource({
  type: process.env.BENCH_TYPE,
  url: process.env.DATABASE_URL,
  migrations,
});
