import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Peer, PeerModule } from '../data/contestants/contestant';
import type { Flavour } from '../../src/engine/server/server';

/** The contestants, in the order of the tables; each has a file of its name in `contestants`. */
export const contestants = {
  'by-hand': 'mysql2 by hand (floor)',
  same: "ours' statements, mysql2 alone",
  ours: 'ours',
  kysely: 'Kysely',
  drizzle: 'Drizzle',
  sequelize: 'Sequelize',
  typeorm: 'TypeORM',
  prisma: 'Prisma',
  'mikro-orm': 'MikroORM',
} as const;

/** One of them. */
export type PeerName = keyof typeof contestants;

export const peerNames = Object.keys(contestants) as PeerName[];

/** The file of a contestant. */
export const fileOf = (name: PeerName): string => resolve(__dirname, 'contestants', `${name}.ts`);

/** A connected contestant. Its file is loaded at run time, because the project's root lacks the packages that it needs. */
export async function connectPeer(name: PeerName, url: string, flavour: Flavour): Promise<Peer> {
  const { connect } = createRequire(__filename)(fileOf(name)) as PeerModule;
  return connect(url, flavour);
}
