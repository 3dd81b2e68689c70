import type { Argument } from '../../support/hostile-calls';
import { left, visible } from './argument-shapes';

/** The window of a backfill, with the values that each field accepts; see `arguments-table.ts`. */
export const backfillWindow: Argument = {
  name: 'window',
  right: { from: new Date('2025-12-31T00:00:00Z'), to: new Date('2026-01-02T00:00:00Z') },
  takes: [],
  fields: {
    from: ['a Date'],
    to: ['a Date'],
    limit: [...left, 'one'],
    by: [...left, ...visible],
  },
};
