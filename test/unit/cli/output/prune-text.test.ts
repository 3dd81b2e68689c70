import { pruneOutput } from '../../../../src/cli/output/retention';
import { styleFor } from '../../../../src/cli/output/style';
import { pruneResult } from '../fixed-results';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const last = (part: Partial<typeof pruneResult>): string =>
  pruneOutput
    .text({ ...pruneResult, ...part }, plain)
    .slice(2)
    .join(' ');

/** Guards that nobody takes a dry run for a real prune, or a real prune for a dry run. */
describe('the text of prune', () => {
  it('names the database, the number of flows examined, and the rows deleted', () => {
    expect(pruneOutput.text(pruneResult, plain)).toEqual([
      'Database migratekit_oma on MariaDB 10.11.14',
      '',
      'Looked at 1,200 flows, deleted 45,000 executions.',
    ]);
    expect(last({ flows: 1, deleted: 1 })).toBe('Looked at 1 flow, deleted 1 execution.');
    expect(last({ deleted: 0 })).toBe('Looked at 1,200 flows: nothing to delete.');
  });

  it('says of a dry run that nothing was deleted', () => {
    expect(last({ dry_run: true })).toBe(
      'Looked at 1,200 flows: 45,000 executions to delete. Nothing was deleted: it was a dry run.',
    );
    expect(last({ dry_run: true, deleted: 0 })).toBe('Looked at 1,200 flows: nothing to delete.');
  });

  it('names the rows that stay, and the key that keeps them', () => {
    const kept = [
      { key: 'fk_notes', table: 'notes', executions: 1 },
      { key: null, table: null, executions: 2_000 },
    ];
    expect(last({ deleted: 0, kept })).toBe(
      'Looked at 1,200 flows: nothing to delete.  1 execution cannot be deleted: rows of notes refer to them by the key ' +
        'fk_notes.  2,000 executions cannot be deleted: rows of a table that this user may not see refer to them.',
    );
  });

  it('is at most 80 columns wide', () => {
    const large = { flows: 1e12, deleted: 1e15, dry_run: true };
    const lines = pruneOutput.text({ ...pruneResult, ...large }, plain);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
