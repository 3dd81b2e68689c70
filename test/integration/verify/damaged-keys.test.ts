import { testDamages } from './damaged-database';
import { checkDamages, indexDamages } from './damages/indexes';
import { keyDamages } from './damages/keys';

// Guards that verify does not call a schema proven that accepts, deletes or keeps the wrong rows.
testDamages('an index', indexDamages);
testDamages('a CHECK', checkDamages);
testDamages('a foreign key', keyDamages);
