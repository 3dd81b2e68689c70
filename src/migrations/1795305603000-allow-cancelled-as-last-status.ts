import { appendEnumValues } from '../engine/steps/columns';
import { StepMigration } from './step-migration';

/**
 * A flow's last execution can have been cancelled; the platform's own list of statuses had no word for it.
 *
 * Not breaking: every release of this package knows the word. A program that knows only the platform's own list meets it
 * once another program cancels a run, not before.
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
