import { testDamages } from './damaged-database';
import { checkDamages, indexDamages } from './damages/indexes';
import { keyDamages } from './damages/keys';

// Without these, verify could call a schema proven that lets in, loses or keeps rows that it should not.
testDamages('an index is', indexDamages);
testDamages('a CHECK is', checkDamages);
testDamages('a foreign key is', keyDamages);
