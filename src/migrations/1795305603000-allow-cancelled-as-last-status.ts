import { appendEnumValues } from '../engine/steps/columns';
import { StepMigration } from './step-migration';

/**
 * Adds the status `cancelled` for a flow's last execution, which the platform's own list of statuses lacks.
 *
 * Not breaking: every release of this package knows the status. A program that knows only the platform's list never reads
 * it before another program cancels a run.
 */
export class AllowCancelledAsLastStatus1795305603000 extends StepMigration {
  readonly name = 'AllowCancelledAsLastStatus1795305603000';
  readonly breaking = false;
  readonly steps = [
    appendEnumValues('protection_flows', 'last_execution_status', {
      from: ['success', 'warning', 'error', 'running', 'pending'],
      add: ['cancelled'],
    }),
  ];
}
