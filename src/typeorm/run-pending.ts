import { Migration, type DataSource } from 'typeorm';
import { migrationList } from '../migrations';
import { ProtectionFlowsError } from '../errors';
import { isInTheWay, type Finding } from '../engine/preflight';
import type { Database } from '../engine/session/database';
import { migrate } from '../engine/migrate/migrate';
import type { ProgressListener } from '../engine/migrate/results';
import { rollback } from '../engine/migrate/rollback';

/** Receives the events of the migrate that is part of a service's start. */
interface StartReport {
  applied(name: string): void;
  /** A key waits for its parent table. */
  deferred(finding: Finding): void;
  refused(finding: Finding): void;
  /** The migrate waits; the text says for what. */
  waits(text: string): void;
}

/** One line for a log about a key that was not added. */
export const refusedLine = ({ code, key, message }: Finding): string =>
  `${code}: ${key === null || message.includes(key) ? '' : `${key} was not added: `}${message}; protection-flows preflight prints the fix`;

function warn(code: string, text: string): void {
  process.emitWarning(text, { type: 'ProtectionFlowsWarning', code });
}

/** Emits Node's warnings, which every program prints by default, for events that need somebody's action. */
const processWarnings: StartReport = {
  applied: () => undefined,
  deferred: () => undefined,
  refused: (finding) => warn(finding.code, refusedLine(finding)),
  waits: (text) => warn('MIGRATE_WAITS', text),
};

const reports = new WeakMap<object, StartReport>();

/** Sets who receives the events of this data source's start, such as a framework's log, instead of Node's warnings. */
export function reportStart(dataSource: object, report: StartReport): void {
  reports.set(dataSource, report);
}

const startReportOf = (dataSource: object): StartReport => reports.get(dataSource) ?? processWarnings;

type Host = Database & Pick<DataSource, 'logger'>;

/** Reports each wait once: a service's start and TypeORM's CLI show no progress. */
function tellWaits(dataSource: Host): ProgressListener {
  const told = new Set<string>();
  return ({ step }) => {
    if (!step.startsWith('wait for ') || told.has(step)) return;
    told.add(step);
    startReportOf(dataSource).waits(step);
  };
}

/** Logs a migration as TypeORM does, and returns it in TypeORM's form. */
function asTypeorm({ logger }: Host, name: string, done: string): Migration {
  logger.logSchemaBuild(`Migration ${name} has been ${done} successfully.`);
  const instance = migrationList.find((one) => one.name === name);
  return new Migration(undefined, Number(name.slice(-13)), name, instance);
}

function faults(findings: readonly Finding[]): { message: string; remedy: string } {
  return {
    message: findings
      .map(({ code, key, message }) => `${code}${key === null ? '' : ` (${key})`}: ${message}`)
      .join('; '),
    remedy: findings.map(({ remedy }) => remedy).join('\n'),
  };
}

/**
 * Runs the pending migrations for a caller that uses TypeORM's interface.
 *
 * A service starts even if a key can't be added: its start reports the key and goes on. A caller that asks for the
 * migrations themselves (TypeORM's CLI, a deployment script) gets an error instead.
 *
 * @param atStart whether this is part of a service's start
 * @throws ProtectionFlowsError PREFLIGHT_FAILED if nothing could be done; KEYS_REFUSED, unless at a start, if everything
 * but these keys was done; errors of {@link migrate}
 */
export async function runPending(dataSource: Host, atStart: boolean): Promise<Migration[]> {
  const { findings, applied } = await migrate(dataSource, { onProgress: tellWaits(dataSource) });
  const inTheWay = findings.filter(isInTheWay);
  const isBlocked = inTheWay.some(({ effect }) => effect === 'blocking');
  if (isBlocked || (inTheWay.length > 0 && !atStart))
    throw new ProtectionFlowsError(isBlocked ? 'PREFLIGHT_FAILED' : 'KEYS_REFUSED', {
      ...faults(inTheWay),
      details: { applied, findings: inTheWay },
    });
  if (atStart) {
    const report = startReportOf(dataSource);
    for (const name of applied) report.applied(name);
    for (const finding of findings.filter(({ effect }) => effect === 'deferred')) report.deferred(finding);
    for (const finding of inTheWay) report.refused(finding);
  }
  return applied.map((name) => asTypeorm(dataSource, name, 'executed'));
}

/** Undoes the newest migration for a caller that uses TypeORM's interface; false if there is none. */
export async function undoNewest(dataSource: Host): Promise<boolean> {
  const { undone } = await rollback(dataSource, { onProgress: tellWaits(dataSource) });
  for (const name of undone) asTypeorm(dataSource, name, 'reverted');
  return undone.length > 0;
}
