import { resolve } from 'node:path';
import { TsProcess } from '../ts-process';
import type { LoadCommand, LoadMessage, Role, Sample } from './load-messages';

const file = resolve(__dirname, 'load-process.ts');
const writerCount = 4;

/** The load's statements between start and stop. */
export interface LoadRecord {
  readonly writers: readonly Sample[];
  readonly reader: readonly Sample[];
  readonly errors: readonly string[];
}

type Client = TsProcess<LoadCommand, LoadMessage>;

/** Four writers and a reader, each a process of its own, so that no event loop blocks another. */
export class Load {
  private constructor(
    private readonly writers: readonly Client[],
    private readonly reader: Client,
  ) {}

  /** @param rows how many filled executions can be updated */
  static async connect(url: string, rows: number): Promise<Load> {
    const client = (role: Role): Client => new TsProcess(file, [role, String(rows)], { DATABASE_URL: url });
    const load = new Load(
      Array.from({ length: writerCount }, () => client('writer')),
      client('reader'),
    );
    await load.all();
    return load;
  }

  /** Starts all processes; resolves once each is steady. */
  async start(): Promise<void> {
    this.tell('start');
    await this.all();
  }

  /** Lets each finish its statement. */
  async stop(): Promise<LoadRecord> {
    this.tell('stop');
    const messages = await this.all();
    const done = messages.filter((message) => message.is === 'done');
    return {
      writers: done.slice(0, writerCount).flatMap((message) => message.samples),
      reader: done.slice(writerCount).flatMap((message) => message.samples),
      errors: done.flatMap((message) => message.errors),
    };
  }

  release(): void {
    for (const client of this.clients) client.release();
  }

  private get clients(): readonly Client[] {
    return [...this.writers, this.reader];
  }

  private tell(command: LoadCommand): void {
    for (const client of this.clients) client.send(command);
  }

  private all(): Promise<LoadMessage[]> {
    return Promise.all(this.clients.map((client) => client.next()));
  }
}
