import { Migration, type DataSource } from 'typeorm';
import { migrationList } from '../migrations';
import { ProtectionFlowsError } from '../errors';
import { isInTheWay, type Finding } from '../engine/preflight';
import type { Database } from '../engine/session/database';
import { migrate } from '../engine/migrate/migrate';
import type { ProgressListener } from '../engine/migrate/results';
import { rollback } from '../engine/migrate/rollback';

/** What whoever starts a service hears of the migrate that is part of it. */
interface StartReport {
  applied(name: string): void;
  /** A key waits for its parent table. */
  deferred(finding: Finding): void;
  refused(finding: Finding): void;
  /** The migrate waits, for what the text says. */
  waits(text: string): void;
}

/** What a log says of a key that was not added: one line. */
export const refusedLine = ({ code, key, message }: Finding): string =>
  `${code}: ${key === null || message.includes(key) ? '' : `${key} was not added: `}${message}; protection-flows preflight prints the fix`;

function warn(code: string, text: string): void {
  process.emitWarning(text, { type: 'ProtectionFlowsWarning', code });
}

/** Node's warnings, which every program prints unless it says otherwise: of what somebody has to do something about. */
const processWarnings: StartReport = {
  applied: () => undefined,
  deferred: () => undefined,
  refused: (finding) => warn(finding.code, refusedLine(finding)),
  waits: (text) => warn('MIGRATE_WAITS', text),
};

const reports = new WeakMap<object, StartReport>();

/** Lets a host that has a log of its own hear what {@link startReportOf} would otherwise make a warning of. */
export function reportStart(dataSource: object, report: StartReport): void {
  reports.set(dataSource, report);
}

/** Where the data source's start is reported: by default as warnings of the process. */
const startReportOf = (dataSource: object): StartReport => reports.get(dataSource) ?? processWarnings;

type Host = Database & Pick<DataSource, 'logger'>;

/** Tells whom a start or TypeORM's CLI, which show no progress, waits for: each holder once. */
function tellWaits(dataSource: Host): ProgressListener {
  const told = new Set<string>();
  return ({ step }) => {
    if (!step.startsWith('wait for ') || told.has(step)) return;
    told.add(step);
    startReportOf(dataSource).waits(step);
  };
}

/** A migration as TypeORM knows it, told as TypeORM tells. */
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
 * Runs the pending migrations for whoever asks through TypeORM.
 *
 * A key that can't be added is no reason for a service to stay down, so the start of one reports it and goes on. Whoever
 * asks for the migrations themselves (TypeORM's CLI, a deployment script) has to be told that not all of it was done.
 *
 * @param atStart whether this is part of a service's start
 * @throws ProtectionFlowsError PREFLIGHT_FAILED where nothing could be done; KEYS_REFUSED, unless at a start, where all
 * but those keys was done; what {@link migrate} throws
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

/** Undoes the newest migration for whoever asks through TypeORM; false where there is none. */
export async function undoNewest(dataSource: Host): Promise<boolean> {
  const { undone } = await rollback(dataSource, { onProgress: tellWaits(dataSource) });
  for (const name of undone) asTypeorm(dataSource, name, 'reverted');
  return undone.length > 0;
}
