import { checkIds } from '../../../src/engine/verify/report';
import { sharedServer } from '../../support/shared-server';
import { damagesOf, testDamages } from './damaged-database';
import { historyDamages } from './damages/history';
import { columnDamages } from './damages/columns';
import { checkDamages, indexDamages } from './damages/indexes';
import { keyDamages } from './damages/keys';
import { tableDamages, triggerDamages } from './damages/tables';

// Guards that verify does not call a schema proven that is unrecorded, missing, or changed by triggers.
testDamages('the history has', historyDamages);
testDamages('a table is wrong because', tableDamages);
testDamages('a trigger', triggerDamages);

/** Guards that the list of damages does not shrink unnoticed. */
it('the damage suites try at least 40 damages on each server, and every check fails at least once', () => {
  const all = [
    ...[columnDamages, indexDamages, checkDamages, keyDamages],
    ...[historyDamages, tableDamages, triggerDamages],
  ].flat();
  expect(damagesOf(all, sharedServer().flavour).length).toBeGreaterThanOrEqual(40);
  // Each check fails at least once, and its remedy is executed. Others are tested elsewhere: row-counts and statistics in
  // this folder, guards in test/integration/guards, server-settings (never fails) in test/integration/preflight
  const failed = new Set(all.flatMap(({ checks }) => checks));
  expect(
    checkIds.filter(
      (id) => !failed.has(id) && !['row-counts', 'statistics', 'guards', 'server-settings'].includes(id),
    ),
  ).toEqual([]);
  expect(new Set(all.map(({ name, only, names }) => `${name} ${only ?? ''} ${names}`)).size).toBe(all.length);
});
