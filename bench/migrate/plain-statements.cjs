'use strict';
// The floor: a process that executes the same statements with mysql2 alone.
const { createConnection } = require('mysql2/promise');

createConnection(process.env.DATABASE_URL).then(async (connection) => {
  for (const [, statements] of JSON.parse(process.env.BENCH_MIGRATIONS))
    for (const sql of statements) await connection.query(sql);
  await connection.end();
});
