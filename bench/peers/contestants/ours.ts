import type { Peer } from '../../data/contestants/contestant';
import { Ours } from '../../data/contestants/ours';

/** Connects. */
export const connect = (url: string): Promise<Peer> => Ours.connect(url);
