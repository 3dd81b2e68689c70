import { setTimeout as delay } from 'node:timers/promises';
import { readStatus } from '../../../src/engine/migrate';
import type { SessionOptions } from '../../../src/engine/session/migration-session';
import type { Queryable } from '../../../src/engine/server/queryable';
import type { ServerAddress } from '../../../src/testing/connection-url';
import { openDataSource } from '../../support/data-source';
import { Ground } from './ground';
import { rowsOf, type KillPoint, type Recording } from './recording';
import type { Scenario } from './scenarios';
import { interceptStatements, isRetried } from './statements';

/** Ends a run by killing its session or the server. */
export interface Killer {
  /** Called before the statement is sent, whether the run dies before, during or after it. */
  aim(session: Queryable, when: KillPoint['when']): Promise<void>;
  /** Called at the place where the run must die; resolves once the run is dead. */
  strike(when: KillPoint['when']): Promise<void>;
}

/** A run that must die, on a separate database. */
export class DyingRun {
  private constructor(
    private readonly place: Pick<KillPoint, 'statement' | 'when'>,
    private readonly scenario: Scenario,
    private readonly recording: Recording,
    readonly ground: Ground,
  ) {}

  static async prepare(
    scenario: Scenario,
    recording: Recording,
    place: Pick<KillPoint, 'statement' | 'when'>,
  ): Promise<DyingRun> {
    const { command } = recording.statements[place.statement - 1]!;
    return new DyingRun(place, scenario, recording, await command.start.copy());
  }

  /** The same death once more, on a database with the same tables and rows. */
  async copy(): Promise<DyingRun> {
    return new DyingRun(this.place, this.scenario, this.recording, await this.ground.copy());
  }

  /**
   * Runs until it is dead.
   *
   * @param options what the run that dies is told
   * @throws where it did not come to its statement, or came there by other statements than the undisturbed command
   */
  async die(killer: Killer, options: SessionOptions = {}): Promise<void> {
    const { ground, recording } = this;
    const { statement, when } = this.place;
    const { command, ms } = recording.statements[statement - 1]!;
    const seen: string[] = [];
    let isDead = false;
    const strike = async (): Promise<void> => {
      isDead = true;
      await killer.strike(when);
    };
    const dataSource = await openDataSource(ground);
    // That each migration failed which died is no news
    dataSource.logger.logMigration = () => undefined;
    interceptStatements(dataSource, async (sql, execute, session) => {
      if (isDead) return execute();
      seen.push(ground.anonymous(sql));
      const isLast = command.sentBefore + seen.length === statement;
      if (isLast) await killer.aim(session, when);
      if (isLast && when === 'before') await strike();
      const answer = execute();
      // Whoever awaits the answer hears of its failure; nobody does before the run is dead
      const failure = answer.then(
        () => null,
        (error: unknown) => error,
      );
      if (isLast && when === 'during') {
        await delay(ms / 2);
        await strike();
      } else if (!isDead && isRetried(await failure)) seen.pop();
      // Also after one that the server refuses: what comes next in its place never runs
      else if (isLast && !isDead) await strike();
      return answer;
    });
    // A run killed after its last statement may end without an error
    await command.run(dataSource, options).catch(() => undefined);
    await dataSource.destroy();
    expect(seen).toEqual(recording.statements.slice(command.sentBefore, statement).map(({ sql }) => sql));
  }

  /** Opens the database at another node of the cluster. */
  async moveTo(node: ServerAddress): Promise<void> {
    await this.ground.moveTo(node);
  }

  /**
   * Carries the ending out and looks at what it came to.
   *
   * @param options default: nobody waits for a run that died, the first attempt at the lock has it
   */
  async finish(by: KillPoint['ending'], options: SessionOptions = { lockWaitMs: 0 }): Promise<void> {
    const { scenario, recording, ground } = this;
    const ending = by === 'again' ? scenario.again : scenario.opposite;
    if (ending === undefined) throw new Error(`${scenario.name} has no opposite`);
    const dead = await ground.state();
    const dataSource = await openDataSource(ground);
    try {
      const result = await ending.command(dataSource, options);
      // With the whole result, so that a failure says why
      expect(result).toEqual({ ...result, ok: true });
      // A migrate that died before its first record is no rollback's business: whose tables they are is not known
      const isUnrecorded =
        ending.leaves === 'nothing' && dead.history.length === 0 && scenario.leads === 'whole';
      const expected = isUnrecorded ? dead : recording[ending.leaves];
      expect(await ground.state()).toEqual(expected);
      expect((await readStatus(dataSource)).ok).toBe(ending.leaves === 'whole');
      if (isUnrecorded) {
        expect(await scenario.again.command(dataSource, options)).toMatchObject({ ok: true });
        expect(await ground.state()).toEqual(recording.whole);
      }
      if (scenario.rows !== undefined) expect(await rowsOf(ground)).toEqual(recording.rows);
    } finally {
      await dataSource.destroy();
    }
    await this.leave();
  }

  /** Leaves the database to others; where a statement was cut short, the server may keep more of it than it names. */
  async leave(): Promise<void> {
    if (this.place.when === 'during') await this.ground.drop();
    else this.ground.giveBack();
  }
}
