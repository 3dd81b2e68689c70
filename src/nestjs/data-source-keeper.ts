import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createDataSource } from '../typeorm/create-data-source';
import { dataSource as sharedDataSource } from '../data-source';
import type { ProtectionFlowsDataSource } from '../engine/migrate';
import { connect } from './connect';
import type { ProtectionFlowsModuleOptions } from './module-options';

/** What the modules of this process do with one data source. */
interface Use {
  /** Connected by others before the first of the modules came. */
  readonly openedElsewhere: boolean;
  modules: number;
  closes: boolean;
  /** Settled when the modules so far have opened and closed it: one after another, so that each sees what is there. */
  turn: Promise<unknown>;
}

/** Two applications in one process share the shared data source: the first to go must not close it under the other. */
const uses = new WeakMap<ProtectionFlowsDataSource, Use>();

function useOf(dataSource: ProtectionFlowsDataSource): Use {
  const { isInitialized: openedElsewhere } = dataSource;
  const use = uses.get(dataSource) ?? {
    openedElsewhere,
    modules: 0,
    closes: false,
    turn: Promise.resolve(),
  };
  uses.set(dataSource, use);
  return use;
}

function inTurn(use: Use, work: () => Promise<void>): Promise<void> {
  const done = use.turn.then(work);
  use.turn = done.catch(() => undefined);
  return done;
}

async function leave(dataSource: ProtectionFlowsDataSource): Promise<void> {
  const use = useOf(dataSource);
  use.modules -= 1;
  await inTurn(use, async () => {
    if (use.modules === 0 && use.closes && dataSource.isInitialized) await dataSource.destroy();
  });
  // One that came meanwhile connects it anew
  if (use.modules === 0) uses.delete(dataSource);
}

/** Connects the data source of one module, and lets go of it when the application shuts down. */
@Injectable()
export class DataSourceKeeper implements OnApplicationShutdown {
  private kept: ProtectionFlowsDataSource | undefined;

  /**
   * The data source that the options name, connected.
   *
   * @throws what {@link connect} throws; the data source is then as closed as it was
   */
  async open(options: ProtectionFlowsModuleOptions): Promise<ProtectionFlowsDataSource> {
    const { connection, dataSource: given, destroyOnShutdown } = options;
    const dataSource = given ?? (connection === undefined ? sharedDataSource : createDataSource(connection));
    const use = useOf(dataSource);
    use.modules += 1;
    use.closes ||= destroyOnShutdown ?? (given === undefined && !use.openedElsewhere);
    try {
      await inTurn(use, () => connect(dataSource, options));
    } catch (error) {
      await leave(dataSource);
      throw error;
    }
    this.kept = dataSource;
    return dataSource;
  }

  /** Closes the data source if that is this module's to do. A fault is logged: other modules still have to end. */
  async onApplicationShutdown(): Promise<void> {
    const { kept } = this;
    this.kept = undefined;
    if (kept === undefined) return;
    try {
      await leave(kept);
    } catch (error) {
      new Logger('ProtectionFlowsModule').error(`The connections were not closed: ${String(error)}`);
    }
  }
}
