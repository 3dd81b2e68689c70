import type { Facts } from './facts';
import type { Finding } from './finding';

/** One thing that would make a migration fail: pure over the facts, finds it as often as it is there. */
export type Rule = (facts: Facts) => Finding[];
