import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OnFlowDue, ProtectionFlowsModule, type OnFlowDueOptions } from '../../../src/nestjs';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import type { WorkerRun } from '../../../src/worker';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from '../repositories/data-layer';
import { useApps } from './apps';

/** Guards that a decorated method runs flows for as long as its application is up, and that the end of it waits for the runs. */
describe('OnFlowDue', () => {
  const layer = useDataLayer();
  const apps = useApps();
  const module = () => ProtectionFlowsModule.forRoot({ connection: layer.database.settings });
  const enqueue = async (): Promise<string> => {
    const { id: flow_id } = await layer.repositories.flows.create(layer.newFlow());
    return (await layer.repositories.executions.enqueue({ flow_id, execution_type: 'api' })).id;
  };
  const statusOf = async (id: string): Promise<string> =>
    (await layer.repositories.executions.get(id)).status;

  it('executes waiting runs, and lets them end before the application closes', async () => {
    const notes: string[] = [];
    @Injectable()
    class Backups {
      readonly name = 'nest-1';
      @OnFlowDue((backups: Backups) => ({ name: backups.name, pollMs: 20 }))
      async run({ execution, signal }: WorkerRun): Promise<void> {
        notes.push(`began ${execution.execution_metadata?.['worker'] as string} ${this.name}`);
        await waitFor(() => notes.includes('closing'));
        notes.push(`ended ${signal.aborted}`);
      }
      onApplicationBootstrap(): void {
        notes.push('mine first');
      }
      beforeApplicationShutdown(): void {
        notes.push('mine last');
      }
    }
    const app = await apps.start({ imports: [module()], providers: [Backups] });
    const id = await enqueue();
    await waitFor(() => notes.length > 1);
    const closed = app.close();
    notes.push('closing');
    await closed;
    expect(notes).toEqual(['mine first', 'began nest-1 nest-1', 'closing', 'ended false', 'mine last']);
    expect(await statusOf(id)).toBe('success');
    const late = await enqueue();
    expect(await statusOf(late)).toBe('pending');
  });

  it('logs the fault, and no password', async () => {
    class Broken {
      @OnFlowDue({ pollMs: 20 })
      run(): void {
        throw new Error('no space left on ftp://u:hush@nas, password=hush');
      }
    }
    await apps.start({ imports: [module()], providers: [Broken] });
    const id = await enqueue();
    await waitFor(async () => (await statusOf(id)) === 'error');
    await waitFor(() => apps.log.warnings.length > 0);
    expect(apps.log.warnings[0]).toMatch(
      /^Flow \d+: run \S+ ended with error: no space left on ftp:\/\/u:\*\*\*@nas, password=\*\*\*$/,
    );
  });

  it.each([null, 5, () => undefined])(
    'prevents an application without options from starting: %p',
    async (none) => {
      class Wrong {
        @OnFlowDue(none as unknown as OnFlowDueOptions)
        run(): void {}
      }
      const app = await Test.createTestingModule({ imports: [module()], providers: [Wrong] }).compile();
      const started = await app.init().catch((error: unknown) => error);
      if (started === app) await app.close();
      else await app.get(ProtectionFlowsDataSource, { strict: false }).destroy();
      expect(started).toMatchObject({
        code: 'VALIDATION_FAILED',
        message: 'createWorker is not valid: options must be an object',
      });
    },
  );

  it('prevents an application with wrong options or without the module from starting', async () => {
    class Wrong {
      @OnFlowDue({ concurrency: 0, pollMs: -1 })
      run(): void {}
    }
    const app = await Test.createTestingModule({ imports: [module()], providers: [Wrong] }).compile();
    await expect(app.init()).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: expect.stringMatching(/concurrency.*pollMs/) as string,
    });
    await app.get(ProtectionFlowsDataSource, { strict: false }).destroy();
    await expect(apps.start({ providers: [Wrong] })).rejects.toThrow(/ExecutionRepository/);
  });
});
