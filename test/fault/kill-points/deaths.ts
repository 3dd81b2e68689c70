import type { DyingRun } from './dying-run';
import type { KillPoint, Recording, RecordedStatement } from './recording';

/** A place at which one run dies, for all the kill points at which a death leaves the same behind. */
export interface Death {
  readonly place: Pick<KillPoint, 'statement' | 'when'>;
  readonly points: readonly KillPoint[];
}

/**
 * The deaths that it takes to try each point. After a statement and before the next one a run sends nothing but what
 * changes nothing, so one death stands for both where `isSameAfter` says that it takes the same along; and it is had
 * once for both commands that may follow.
 *
 * @param isSameAfter true where who dies after the earlier statement is who dies before the later one
 */
export function deathsAt(
  points: readonly KillPoint[],
  { statements }: Recording,
  isSameAfter: (earlier: RecordedStatement, later: RecordedStatement) => boolean,
): Death[] {
  const deaths = new Map<string, { place: Death['place']; points: KillPoint[] }>();
  let earlier = 0;
  const placeOf = ({ statement, when }: KillPoint): Death['place'] => {
    if (when !== 'before' || earlier === 0) return { statement, when };
    const isSame = isSameAfter(statements[earlier - 1]!, statements[statement - 1]!);
    return isSame ? { statement: earlier, when: 'after' } : { statement, when };
  };
  for (const point of points) {
    const place = placeOf(point);
    const key = `${place.when} ${place.statement}`;
    const death = deaths.get(key) ?? { place, points: [] };
    death.points.push(point);
    deaths.set(key, death);
    if (point.when === 'after') earlier = point.statement;
  }
  return [...deaths.values()];
}

/**
 * Carries each ending out once for every state that deaths left: of two databases in which a run finds the same, it
 * makes the same. Whether it gets the lock that a dead run had, `evenIfSeen` is there to show.
 */
export class Endings {
  private readonly seen = new Set<string>();
  private carriedOut = 0;

  /** How many were carried out. */
  get count(): number {
    return this.carriedOut;
  }

  /**
   * Finishes the run that died, by each ending of its points that was not yet seen from the state it left.
   *
   * @param data the server's data directory
   */
  async finish(
    run: DyingRun,
    points: readonly KillPoint[],
    data: string,
    { evenIfSeen = false } = {},
  ): Promise<void> {
    const state = await run.ground.snapshot(data);
    const wanted = [...new Set(points.map(({ ending }) => ending))].filter(
      (ending) => evenIfSeen || !this.seen.has(`${ending}: ${state}`),
    );
    for (const ending of wanted) this.seen.add(`${ending}: ${state}`);
    this.carriedOut += wanted.length;
    const [first, ...others] = wanted;
    for (const ending of others) await (await run.copy()).finish(ending);
    if (first === undefined) await run.leave();
    else await run.finish(first);
  }
}
