import { index } from '../schema/declare';
import { addIndex } from '../schema/steps/add-index';
import { StepMigration } from './step-migration';

/** The index for the flows that are due, which the scheduler asks for every few seconds. */
export class AddOperationalIndexes1795305602000 extends StepMigration {
  readonly name = 'AddOperationalIndexes1795305602000';
  readonly steps = [addIndex('protection_flows', index('idx_flows_due', 'enabled', 'next_execution_time'))];
}
