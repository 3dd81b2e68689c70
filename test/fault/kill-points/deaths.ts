import type { DyingRun } from './dying-run';
import type { KillPoint, Recording, RecordedStatement } from './recording';

/** A place where one run dies, for all kill points whose deaths leave the same behind. */
export interface Death {
  readonly place: Pick<KillPoint, 'statement' | 'when'>;
  readonly points: readonly KillPoint[];
}

/**
 * Returns the deaths that are needed to try each point. Between two statements a run sends only statements without effect. So
 * one death stands for the point after a statement and the point before the next one, if `isSameAfter`. One death also
 * serves both commands that may follow.
 *
 * @param isSameAfter true if a death after the earlier statement ends the same sessions as one before the later statement
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
 * Carries out each ending once for each state that deaths left: a run does the same to two databases with the same state.
 * `evenIfSeen` repeats an ending, to show that it gets the lock of the dead run.
 */
export class Endings {
  private readonly seen = new Set<string>();
  private carriedOut = 0;

  /** How many endings were carried out. */
  get count(): number {
    return this.carriedOut;
  }

  /**
   * Finishes the dead run by each ending of its points that was not yet tried on the state that it left.
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
