import { isProtectionFlowsError, type Claim, type Worker } from '@sendense/protection-flows';

/** The facts of a log line; those that are null or undefined are left out. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one line: the event, named by what happened, and the facts. */
export type Log = (event: string, facts?: Facts) => void;

const plain = /^[\w.:/+-]+$/;

/** `name=value`, with the value quoted if it has blanks or the like. */
function fact([name, value]: [string, unknown]): string {
  const text = String(value);
  return `${name}=${plain.test(text) ? text : JSON.stringify(text)}`;
}

/** A log that writes lines such as `2026-03-01T02:00:00Z claimed flow="Nightly web" …`, in UTC. */
export function createLog(write: (line: string) => void): Log {
  return (event, facts = {}) => {
    const given = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
    const at = new Date().toISOString().replace(/\.\d+/, '');
    write(`${[at, event, ...given.map(fact)].join(' ')}\n`);
  };
}

/** The facts of an error; no stack, no SQL. */
export function errorFacts(error: unknown): Facts {
  const { message } = error as Error;
  return { code: isProtectionFlowsError(error) ? error.code : undefined, message };
}

/** Logs every event of a worker. */
export function logEvents(worker: Worker, log: Log): void {
  const of = ({ execution, flow }: Claim): Facts => ({ execution: execution.id, flow: flow.name });
  worker
    .on('began', (run) => log('run-began', { ...of(run), type: run.execution.execution_type }))
    .on('ended', (run, { status, error }) =>
      log('run-ended', { ...of(run), status, error: error === undefined ? null : (error as Error).message }),
    )
    .on('skipped', ({ flowId, reason }) => log('flow-skipped', { flow: flowId, reason }))
    .on('away', (error) => log('database-away', errorFacts(error)))
    .on('back', (afterMs) => log('database-back', { after_seconds: Math.round(afterMs / 1000) }))
    .on('fault', (error) => log('fault', errorFacts(error)))
    .on('stopping', (runs, limitMs) => log('stopping', { runs, limit_ms: limitMs }));
}
