import type { Peer, PeerModule } from '../../data/contestants/contestant';
import { TransactionalTypeOrm } from '../../data/contestants/plain-typeorm';

/** Connects. */
export const connect: PeerModule['connect'] = (url, flavour): Promise<Peer> =>
  TransactionalTypeOrm.connect(url, flavour);
