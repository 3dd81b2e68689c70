'use strict';
// The floor: a process that connects with mysql2 alone and reads the history.
const { createConnection } = require('mysql2/promise');

createConnection(process.env.DATABASE_URL).then(async (connection) => {
  await connection.query('SELECT * FROM sendense_flow_migrations ORDER BY id');
  await connection.end();
});
