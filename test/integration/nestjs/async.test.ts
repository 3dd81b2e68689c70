import { Injectable, Module } from '@nestjs/common';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import {
  ProtectionFlowsModule,
  type ProtectionFlowsModuleOptions,
  type ProtectionFlowsOptionsFactory,
} from '../../../src/nestjs';
import { FlowRepository } from '../../../src/repositories';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { useApps } from './apps';

/** Guards that options may come from other providers, in each of the ways in which NestJS has it. */
describe('ProtectionFlowsModule.forRootAsync', () => {
  const database = useDatabase();
  const connected = useDataSource(database);
  const apps = useApps();

  @Injectable()
  class Settings implements ProtectionFlowsOptionsFactory {
    made = 0;

    async createProtectionFlowsOptions(): Promise<ProtectionFlowsModuleOptions> {
      this.made += 1;
      return { connection: { env: { DATABASE_URL: database.url } } };
    }
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  @Injectable()
  class Reports {
    constructor(readonly flows: FlowRepository) {}
  }

  @Module({ providers: [Reports] })
  class ReportsModule {}

  it('takes the options of a function that is injected with other providers', async () => {
    const app = await apps.start({
      imports: [
        ProtectionFlowsModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (settings: Settings) => settings.createProtectionFlowsOptions(),
        }),
      ],
    });
    await expect(app.get(FlowRepository, { strict: false }).list()).resolves.toMatchObject({ items: [] });
  });

  it('makes an object of a class, and takes its options', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRootAsync({ useClass: Settings })] });
    await expect(app.get(FlowRepository, { strict: false }).list()).resolves.toMatchObject({ items: [] });
  });

  it('takes the options of an existing provider, which it asks once', async () => {
    const app = await apps.start({
      imports: [
        SettingsModule,
        ProtectionFlowsModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
      ],
    });
    expect(app.get(Settings, { strict: false }).made).toBe(1);
    expect(app.get(ProtectionFlowsDataSource, { strict: false }).database).toBe(database.name);
  });

  it('is visible to every module when global, and otherwise to modules that import it', async () => {
    // One that the test closes: where an application does not start, none of its hooks is called
    const useFactory = () => ({ dataSource: connected() });
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRootAsync({ useFactory, isGlobal: true }), ReportsModule],
    });
    expect(app.get(Reports, { strict: false }).flows).toBeInstanceOf(FlowRepository);
    await expect(
      apps.start({ imports: [ProtectionFlowsModule.forRootAsync({ useFactory }), ReportsModule] }),
    ).rejects.toThrow(/resolve dependencies of the Reports/);
  });

  it('does not start an application when a factory returns wrong options', async () => {
    const wrong = { conection: {}, isGlobal: true } as unknown as ProtectionFlowsModuleOptions;
    await expect(
      apps.start({ imports: [ProtectionFlowsModule.forRootAsync({ useFactory: () => wrong })] }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: {
        faults: [
          { option: 'conection', message: 'is not known; did you mean connection?' },
          { option: 'isGlobal', kind: 'unknown' },
        ],
      },
    });
  });
});
