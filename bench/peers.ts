import { startPrivateServer, type ServerWish } from '../src/testing';
import { fillDataSet } from './data/data-set';
import { comparison, explanation as explanationOfKeys } from './keys/report';
import { measureSize } from './keys/size';
import { installPeers } from './peers/install';
import { measureCommandLines } from './peers/measure-command-lines';
import { measurePeers } from './peers/measure-operations';
import { measureErrand } from './peers/measure-processes';
import { peerOptions, usage, type PeerOptions } from './peers/options';
import {
  coldStartReport,
  commandLinesReport,
  explanation,
  memoryReport,
  operationsReport,
} from './peers/report';
import { BenchDatabase, labelOf } from './support/bench-database';

const print = (text: string): void => console.log(`${text}\n`);

/** Fewer rounds: whole processes take long, and differ little. */
const processRounds = (rounds: number): number => Math.max(5, Math.round(rounds / 10));

/** Few rounds: pt-online-schema-change takes most of a minute for a million rows. */
const keyRounds = 3;

async function measureData(wish: ServerWish, { rows, rounds, parts }: PeerOptions): Promise<void> {
  if (!['operations', 'memory', 'cold-start'].some((part) => parts.has(part as never))) return;
  const database = await BenchDatabase.start(wish);
  const { label } = database;
  const times = processRounds(rounds);
  try {
    await fillDataSet(database, rows);
    console.error(`${label}: ${rows} executions filled in`);
    if (parts.has('operations')) print(operationsReport(label, rows, await measurePeers(database, rounds)));
    if (parts.has('memory')) {
      const loaded = await measureErrand(database, 'load', times);
      print(memoryReport(label, loaded, await measureErrand(database, 'operations', times)));
    }
    if (parts.has('cold-start'))
      print(coldStartReport(label, await measureErrand(database, 'cold-start', times)));
  } finally {
    await database.stop();
  }
}

async function measureCommands(wish: ServerWish, rounds: number): Promise<void> {
  const server = await startPrivateServer(wish);
  try {
    print(commandLinesReport(labelOf(server), await measureCommandLines(server, processRounds(rounds))));
  } finally {
    await server.stop();
  }
}

/** Beside the plain ALTER and pt-online-schema-change. */
async function measureKeys(wish: ServerWish, { keyRows }: PeerOptions): Promise<void> {
  const database = await BenchDatabase.start(wish);
  try {
    print(explanationOfKeys());
    print(comparison(await measureSize(database, keyRows, keyRounds)));
  } finally {
    await database.stop();
  }
}

/** Measures this package beside other tools, on the same work, in one run. */
async function main(): Promise<void> {
  const options = peerOptions(process.argv.slice(2));
  if (options === null) return console.log(usage);
  installPeers();
  print(explanation(options.rounds));
  for (const wish of options.servers) {
    await measureData(wish, options);
    if (options.parts.has('cli')) await measureCommands(wish, options.rounds);
    if (options.parts.has('keys')) await measureKeys(wish, options);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
