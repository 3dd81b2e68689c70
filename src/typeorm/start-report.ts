import type { Finding } from '../engine/preflight';

/** What whoever starts a service hears of the migrate that is part of it. */
export interface StartReport {
  /** A migration was applied. */
  applied(name: string): void;
  /** A key waits for its parent table. */
  deferred(finding: Finding): void;
  /** A key could not be added. */
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
export function startReportOf(dataSource: object): StartReport {
  return reports.get(dataSource) ?? processWarnings;
}
