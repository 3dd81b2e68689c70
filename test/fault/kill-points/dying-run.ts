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

  /** Returns the same dead run on another database with the same tables and rows. */
  async copy(): Promise<DyingRun> {
    return new DyingRun(this.place, this.scenario, this.recording, await this.ground.copy());
  }

  /**
   * Runs until it is dead.
   *
   * @param options the options of the run that dies
   * @throws if it did not reach its statement, or sent other statements before than the undisturbed command
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
    // Do not print that the killed migration failed
    dataSource.logger.logMigration = () => undefined;
    interceptStatements(dataSource, async (sql, execute, session) => {
      if (isDead) return execute();
      seen.push(ground.anonymous(sql));
      const isLast = command.sentBefore + seen.length === statement;
      if (isLast) await killer.aim(session, when);
      if (isLast && when === 'before') await strike();
      const answer = execute();
      // The caller gets the failure from `answer`; this handler only keeps it from being unhandled until then
      const failure = answer.then(
        () => null,
        (error: unknown) => error,
      );
      if (isLast && when === 'during') {
        await delay(ms / 2);
        await strike();
      } else if (!isDead && isRetried(await failure)) seen.pop();
      // Also after a statement that the server refused: what the run sends instead must not run
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
   * Carries out the ending, and checks its result.
   *
   * @param options default: do not wait for the lock, because the dead run must have released it
   */
  async finish(by: KillPoint['ending'], options: SessionOptions = { lockWaitMs: 0 }): Promise<void> {
    const { scenario, recording, ground } = this;
    const ending = by === 'again' ? scenario.again : scenario.opposite;
    if (ending === undefined) throw new Error(`${scenario.name} has no opposite`);
    const dead = await ground.state();
    const dataSource = await openDataSource(ground);
    try {
      const result = await ending.command(dataSource, options);
      // Compare the whole result, so that a failure shows the reason
      expect(result).toEqual({ ...result, ok: true });
      // A rollback leaves what a migrate made before its first record: nothing tells whose tables these are
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

  /** Returns the database for reuse. After an interrupted statement it is dropped: the server may keep hidden remains. */
  async leave(): Promise<void> {
    if (this.place.when === 'during') await this.ground.drop();
    else this.ground.giveBack();
  }
}
