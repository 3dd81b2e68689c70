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

/** Ours on a connection of its own, whose statements can be looked at. */
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

  /** What `work` sends. */
  async during(work: (ours: Ours) => Promise<unknown>): Promise<Statement[]> {
    this.statements.length = 0;
    await work(this.ours);
    return [...this.statements];
  }

  release(): Promise<void> {
    return this.ours.release();
  }
}

/** Something that contestants do once, to see what they send. */
export type Act = (contestant: Contestant) => Promise<unknown>;

/**
 * Throws where the floor does not send the very statements that ours sends, in the same order: it would be the floor of
 * something else then.
 *
 * @param first what ours does before, so that what it sends only once is not among them
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
