import type { Peer, PeerModule } from '../../data/contestants/contestant';
import { Floor } from '../../data/contestants/floor';

/** Connects. */
export const connect: PeerModule['connect'] = async (url, flavour): Promise<Peer> => new Floor(url, flavour);
