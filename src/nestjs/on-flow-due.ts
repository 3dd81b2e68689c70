import { Inject, Logger } from '@nestjs/common';
import { DueFlowRepository, ExecutionRepository } from '../repositories';
import { createWorker, messageOf, type RunFlow, type Worker, type WorkerOptions } from '../worker';

/** The options of `createWorker`, without those that the module and the method provide. */
export type OnFlowDueOptions = Omit<WorkerOptions, 'repositories' | 'run'>;

/** A provider with its methods and life-cycle hooks. */
type Provider = Record<string | symbol, unknown>;
type Hook = (this: Provider, ...given: unknown[]) => unknown;

function logEvents(worker: Worker): void {
  const logger = new Logger('ProtectionFlowsWorker');
  worker
    .on('ended', ({ execution, flow }, { status, error }) => {
      if (error !== undefined)
        logger.warn(`${flow.name}: run ${execution.id} ended with ${status}: ${messageOf(error)}`);
    })
    .on('reaped', (id) => logger.warn(`run ${id} gave no sign of life for too long, and was ended`))
    .on('away', (error) => logger.warn(`the database cannot be reached: ${String(error)}`))
    .on('back', (afterMs) => logger.log(`the database can be reached again after ${afterMs} ms`))
    .on('fault', (error) => logger.error(String(error)));
}

/**
 * Makes a {@link Worker} call this method for each run, from the application's start until its shutdown, which waits for
 * the runs under way. The provider needs `ProtectionFlowsModule` in its module, and default scope. Faults go to NestJS's
 * log.
 *
 * @param options the worker's options, or a function that returns them: it is called at the start, with the provider
 * @throws VALIDATION_FAILED, at the application's start, for wrong options
 */
export function OnFlowDue<Target extends object>(
  options: OnFlowDueOptions | ((provider: Target) => OnFlowDueOptions) = {},
): <Run extends RunFlow>(
  prototype: Target,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Run>,
) => void {
  return (target, method) => {
    const prototype = target as unknown as Provider;
    const [executions, dueFlows, worker] = ['executions', 'dueFlows', 'worker'].map((name) =>
      Symbol(name),
    ) as [symbol, symbol, symbol];
    Inject(ExecutionRepository)(prototype, executions);
    Inject(DueFlowRepository)(prototype, dueFlows);
    const { onApplicationBootstrap, beforeApplicationShutdown } = prototype as Record<
      string,
      Hook | undefined
    >;
    const start: Hook = async function (...given) {
      await onApplicationBootstrap?.apply(this, given);
      const asked = typeof options === 'function' ? options(this as unknown as Target) : options;
      const own = {
        repositories: {
          executions: this[executions] as ExecutionRepository,
          dueFlows: this[dueFlows] as DueFlowRepository,
        },
        run: (run) => (this[method] as RunFlow)(run),
      } satisfies WorkerOptions;
      // createWorker refuses null, for any value that is no object
      const made = createWorker((Object(asked) === asked ? { ...asked, ...own } : null) as WorkerOptions);
      logEvents(made);
      this[worker] = made.start();
    };
    const stop: Hook = async function (...given) {
      await (this[worker] as Worker | undefined)?.stop();
      await beforeApplicationShutdown?.apply(this, given);
    };
    Object.assign(prototype, { onApplicationBootstrap: start, beforeApplicationShutdown: stop });
  };
}
