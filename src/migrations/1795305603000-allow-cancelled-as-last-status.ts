import { appendEnumValues } from '../schema/steps/append-enum-values';
import { StepMigration } from './step-migration';

/** A flow's last execution can have been cancelled; the platform's own list of statuses had no word for it. */
export class AllowCancelledAsLastStatus1795305603000 extends StepMigration {
  readonly name = 'AllowCancelledAsLastStatus1795305603000';
  readonly steps = [
    appendEnumValues('protection_flows', 'last_execution_status', {
      from: ['success', 'warning', 'error', 'running', 'pending'],
      add: ['cancelled'],
    }),
  ];
}
