import { checkIds } from '../../../src/engine/verify/report';
import { sharedServer } from '../../support/shared-server';
import { damagesOf, testDamages } from './damaged-database';
import { historyDamages } from './damages/history';
import { columnDamages } from './damages/columns';
import { checkDamages, indexDamages } from './damages/indexes';
import { keyDamages } from './damages/keys';
import { tableDamages, triggerDamages } from './damages/tables';

// Without these, verify could call a schema proven that is not recorded, not there, or meddled with.
testDamages('the history has', historyDamages);
testDamages('a table is wrong:', tableDamages);
testDamages('a trigger', triggerDamages);

/** Guards that the list of damages does not shrink unnoticed. */
it('this suite tries more than 40 damages on each server', () => {
  const all = [
    ...[columnDamages, indexDamages, checkDamages, keyDamages],
    ...[historyDamages, tableDamages, triggerDamages],
  ].flat();
  expect(damagesOf(all, sharedServer().flavour).length).toBeGreaterThanOrEqual(40);
  // Each check fails once at least, and its remedy is executed; row-counts in a file of its own, guards in
  // test/integration/guards; the settings of the server in test/integration/preflight/server-settings.test.ts, which never fail
  const failed = new Set(all.flatMap(({ checks }) => checks));
  expect(
    checkIds.filter(
      (id) => !failed.has(id) && !['row-counts', 'statistics', 'guards', 'server-settings'].includes(id),
    ),
  ).toEqual([]);
  expect(new Set(all.map(({ name, only, names }) => `${name} ${only ?? ''} ${names}`)).size).toBe(all.length);
});
