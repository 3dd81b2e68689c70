import type { KeyObstacle } from '../steps/key-state';
import type { Facts, KeyFact } from './facts';
import type { FindingEffect, Rule } from './finding';
import { serverAnswer } from './server-answers';

/** A key that is late is left out, and the rest goes on; one of a pending migration stops it all. */
export const effectOn = ({ late }: KeyFact): FindingEffect => (late ? 'key-refused' : 'blocking');

/** The tables whose shape is refused as a whole: what puts that right puts their columns right too. */
const refusedTables = ({ plan }: Facts): ReadonlySet<string> =>
  new Set(plan.refusals.flatMap(({ step }) => step.creates ?? []));

/** The rule that reports the keys which an obstacle of that code makes impossible. */
export function obstacleRule(code: KeyObstacle['code']): Rule {
  return (facts) => {
    const { keys, server } = facts;
    const refused = refusedTables(facts);
    return keys.flatMap((fact) => {
      if (fact.state.status !== 'refused') return [];
      return fact.state.obstacles
        .filter((obstacle) => obstacle.code === code && !refused.has(obstacle.table))
        .map(({ table, message, remedy }) => ({
          code,
          effect: effectOn(fact),
          table,
          key: fact.key.name,
          message: `${message}${serverAnswer(code, server.flavour)}`,
          remedy,
          details: { child: fact.table, parent: fact.key.parentTable },
        }));
    });
  };
}
