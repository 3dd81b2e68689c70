import { testDamages } from './damaged-database';
import { columnDamages } from './damages/columns';

// Guards that verify does not call a schema proven whose columns store, compare or default differently.
testDamages('the columns are wrong because of', columnDamages);
