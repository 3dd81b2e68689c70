import { testDamages } from './damaged-database';
import { columnDamages } from './damages/columns';

// Without these, verify could call a schema proven whose columns store, default or compare otherwise.
testDamages('a column is wrong', columnDamages);
