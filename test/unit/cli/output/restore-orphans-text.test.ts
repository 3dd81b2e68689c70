import { restoreOrphansOutput } from '../../../../src/cli/output/restore-orphans';
import { styleFor } from '../../../../src/cli/output/style';
import { restoreOrphansResult, where } from '../fixed-results';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);

/** Guards that the text names the restored rows, the rows left, and the reasons. */
describe('the text of restore-orphans', () => {
  it('shows the restored rows, and the rows left with the reason, in 80 columns', () => {
    const lines = restoreOrphansOutput.text(restoreOrphansResult, plain);
    expect(lines.join('\n')).toBe(
      [
        'Database migratekit_oma on MariaDB 10.11.14',
        '',
        'RESTORED INTO                      ROWS',
        'protection_flows                      1',
        'audit trail.protection_flow_notes  1200',
        '',
        '2 rows of protection_flow_executions, quarantined for fk_flows_policy:',
        '  Left because: a row that they refer to does not exist: put it back first',
        '  For instance: execution 1; execution 2',
        '',
        '1 row of audit trail.protection_flow_notes, quarantined for fk_flows_policy:',
        '  Left because: the server refuses them: a CHECK, a type or a trigger was',
        '                changed since',
        '  The server: CONSTRAINT `chk_notes` failed for',
        '              `audit trail`.`protection_flow_notes`',
        '  For instance: 7, 8',
        '',
        '1,201 rows restored, 3 left in quarantine.',
      ].join('\n'),
    );
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('says that all rows are restored, or that there were none', () => {
    const restored = { protection_flows: 1 };
    expect(restoreOrphansOutput.text({ ok: true, ...where, restored, left: [] }, plain).at(-1)).toBe(
      '1 row restored, none left in quarantine.',
    );
    expect(restoreOrphansOutput.text({ ok: true, ...where, restored: {}, left: [] }, plain).slice(1)).toEqual(
      ['', 'Nothing is quarantined.'],
    );
  });
});
