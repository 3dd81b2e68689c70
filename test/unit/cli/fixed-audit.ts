import type { AuditReport } from '../../../src/cli/audit-flows';
import { where } from './fixed-results';

const at = (hours: number): Date => new Date(Date.UTC(2026, 10, 20, hours));
const one = { reason: null, lateSeconds: null, runs: 1 };

export const auditResult: AuditReport = {
  ok: false,
  ...where,
  since: at(0),
  until: at(12),
  totals: { 'on-time': 1, late: 1, skipped: 0, missed: 3, unknown: 1 },
  flows: [
    {
      id: 'flow-1',
      name: 'Nightly',
      runs: [
        { ...one, finding: 'unknown', reason: 'not-recorded', runs: 0, firstDueAt: at(0), lastDueAt: at(1) },
        { ...one, finding: 'on-time', firstDueAt: at(2), lastDueAt: at(2) },
        { ...one, finding: 'late', firstDueAt: at(3), lastDueAt: at(3), lateSeconds: 3_600 },
        { ...one, finding: 'missed', reason: 'no-trace', runs: 3, firstDueAt: at(4), lastDueAt: at(6) },
      ],
    },
    { id: 'flow-2', name: 'In time', runs: [] },
  ],
};
