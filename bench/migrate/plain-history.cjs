'use strict';
// The floor of having nothing to do: a process that connects with mysql2 alone and reads the catalog once.
const { createConnection } = require('mysql2/promise');

createConnection(process.env.DATABASE_URL).then(async (connection) => {
  await connection.query('SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()');
  await connection.end();
});
