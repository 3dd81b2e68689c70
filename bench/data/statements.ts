import type { Logger } from 'typeorm';
import { Floor } from './contestants/floor';
import { Ours } from './contestants/ours';
import type { BenchDatabase } from '../support/bench-database';
import type { Contestant } from './contestants/contestant';

/** A statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** This package on a connection whose statements are recorded. */
export class RecordedOurs {
  private constructor(
    readonly ours: Ours,
    private readonly statements: Statement[],
  ) {}

  static async connect(url: string): Promise<RecordedOurs> {
    const statements: Statement[] = [];
    const silent = (): void => undefined;
    const logger: Logger = {
      logQuery: (text, parameters) =>
        void statements.push({ text, parameters: (parameters as unknown[]) ?? [] }),
      logQueryError: silent,
      logQuerySlow: silent,
      logSchemaBuild: silent,
      logMigration: silent,
      log: silent,
    };
    return new RecordedOurs(await Ours.connect(url, logger), statements);
  }

  /** The statements that `work` sends. */
  async during(work: (ours: Ours) => Promise<unknown>): Promise<Statement[]> {
    this.statements.length = 0;
    await work(this.ours);
    return [...this.statements];
  }

  release(): Promise<void> {
    return this.ours.release();
  }
}

/** A call that contestants make once, to compare their statements. */
export type Act = (contestant: Contestant) => Promise<unknown>;

/**
 * Throws unless the floor sends the same statements as this package, in the same order: otherwise the ratio to it would
 * mean nothing.
 *
 * @param first a call before, whose one-time statements do not count
 */
export async function assertSameStatements(
  { url, flavour }: Pick<BenchDatabase, 'url' | 'flavour'>,
  first: Act,
  acts: Readonly<Record<string, Act>>,
): Promise<void> {
  const recorded = await RecordedOurs.connect(url);
  let sent: string[] = [];
  const floor = new Floor(url, flavour, (text) => sent.push(text));
  try {
    await first(recorded.ours);
    for (const [name, act] of Object.entries(acts)) {
      const wanted = (await recorded.during(act)).map(({ text }) => oneLine(text));
      sent = [];
      await act(floor);
      const got = sent.map(oneLine);
      const differs = Array.from({ length: Math.max(wanted.length, got.length) }, (_, n) => n).find(
        (n) => wanted[n] !== got[n],
      );
      if (differs === undefined) continue;
      throw new Error(
        `${name}: ours and the floor send different statements\n  ours:  ${wanted[differs]}\n  floor: ${got[differs]}`,
      );
    }
  } finally {
    await recorded.release();
    await floor.release();
  }
}
