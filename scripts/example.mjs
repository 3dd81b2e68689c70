import { startExampleDatabase } from './example-database.mjs';
import { ensureBuilt } from './lib/build.mjs';
import { ensureDatabaseServer } from './lib/database-server.mjs';
import { Fault, runScript, say } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { runNode } from './lib/run.mjs';

const examples = ['api', 'scheduler'];

function readNames(args) {
  const unknown = args.filter((name) => !examples.includes(name));
  if (unknown.length === 0) return args.length === 0 ? examples : args;
  throw new Fault(
    `there is no example ${unknown.join(', ')}`,
    'Nothing was started.',
    `Name ${examples.join(' or ')}, or none to start both.`,
  );
}

let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isEnding = true));

/** Runs a program. When it ends by itself, the others get SIGTERM too, as each runNode passes the signal on. */
async function runExample(name, env) {
  const code = await runNode(['-r', 'ts-node/register', inProject('examples', name, 'main.ts')], env);
  // A second signal would make programs that are ending exit at once
  if (!isEnding) process.kill(process.pid, 'SIGTERM');
  return code;
}

/** Sets up, builds, and runs the examples named against DATABASE_URL, or against a private server with demo rows. */
await runScript(async (args) => {
  const names = readNames(args);
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureBuilt();
  const database = process.env.DATABASE_URL ? null : await startExampleDatabase();
  try {
    if (database !== null) say(`DATABASE_URL='${database.url}'`);
    const env = { ...process.env, ...(database !== null && { DATABASE_URL: database.url }) };
    return Math.max(...(await Promise.all(names.map((name) => runExample(name, env)))));
  } finally {
    await database?.stop();
  }
});
