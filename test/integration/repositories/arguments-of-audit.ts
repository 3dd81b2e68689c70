import type { Argument } from '../../support/hostile-calls';
import type { HostileTitle } from '../../support/hostile-values';
import { anId, left } from './argument-shapes';

/** The options of an audit, with the values that each accepts; see `arguments-table.ts`. */
export const auditOptions = (flow: string, limit: readonly HostileTitle[]): Argument => ({
  name: 'options',
  right: { since: new Date('2020-01-01T00:00:00Z'), flow_id: flow },
  takes: [],
  fields: {
    limit,
    since: ['a Date'],
    until: [...left, 'a Date'],
    flow_id: [...left, ...anId],
    lateAfterMs: [...left, 'zero', 'one'],
    after: [...left, 'null', ...anId],
  },
});
