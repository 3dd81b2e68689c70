import { select, type Queryable } from '../../../src/engine/server/queryable';
import type { PrivateServer } from '../../../src/testing/private-server';
import type { Killer } from './dying-run';

/** Kills the session that runs the statement. Once the session is dead, the server has released its locks. */
export function sessionKiller(admin: Queryable): Killer {
  let id = 0;
  return {
    async aim(session) {
      const [row] = await select<{ id: number | string }>(session, 'SELECT CONNECTION_ID() AS id');
      id = Number(row?.id);
    },
    async strike() {
      await admin.query(`KILL ${id}`);
      const isThere = async (): Promise<boolean> =>
        (await select(admin, 'SELECT 1 AS found FROM information_schema.PROCESSLIST WHERE ID = ?', [id]))
          .length > 0;
      while (await isThere());
    },
  };
}

/**
 * One death of a server for many runs, each on its own database. Every run waits at its place; when all have arrived, the server
 * is killed. This saves time, because a restart takes longer than a run.
 */
export class SharedDeath {
  private gather: () => void = () => undefined;
  private readonly gathered = new Promise<void>((resolve) => (this.gather = resolve));
  private death: Promise<void> | null = null;

  /** @param missing how many runs share it */
  constructor(
    private readonly server: Pick<PrivateServer, 'kill'>,
    private missing: number,
  ) {}

  /** Adds a run. Call `leave` when the run has ended, wherever it ended. */
  join(): { readonly killer: Killer; leave(): void } {
    let isThere = false;
    const arrive = (): void => {
      if (isThere) return;
      isThere = true;
      this.missing -= 1;
      if (this.missing === 0) this.gather();
    };
    const meet = (): Promise<void> => {
      arrive();
      return this.gathered;
    };
    return {
      killer: {
        async aim(_session, when) {
          if (when === 'during') await meet();
        },
        strike: async () => {
          await meet();
          await (this.death ??= this.server.kill());
        },
      },
      leave: arrive,
    };
  }
}
