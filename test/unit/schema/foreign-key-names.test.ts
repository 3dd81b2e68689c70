import { declaredSchema } from '../../../src/migrations';
import { foreignKeyNames } from '../../../src/migrations/foreign-key-names';

/** Guards that every declared foreign key can be named where a name is judged, and no other. */
it('the names of the foreign keys are those of the declared schema', () => {
  const declared = [...declaredSchema.values()].flatMap(({ foreignKeys }) =>
    foreignKeys.map(({ name }) => name),
  );
  expect([...foreignKeyNames]).toEqual(declared);
});
