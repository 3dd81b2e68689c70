import type { RecountReport } from '../../../src/cli/retention';
import { where } from './fixed-results';

const shown = {
  last_execution_id: 'run-1',
  last_execution_status: 'running',
  last_execution_time: new Date('2026-11-26T02:00:00Z'),
};

export const recountResult: RecountReport = {
  ok: true,
  ...where,
  dry_run: false,
  flows: 1_200,
  recounted: [
    {
      id: 'flow-1',
      from: { total_executions: 3, successful_executions: 1, failed_executions: 0, ...shown },
      to: {
        ...{ total_executions: 2, successful_executions: 1, failed_executions: 1, ...shown },
        ...{ last_execution_status: 'error', last_execution_time: null },
      },
    },
  ],
};
