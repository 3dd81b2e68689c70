import type { StatusResult } from '../../../engine/migrate/results';
import { guardStates } from '../guard';
import { drawing, type DrawnKey } from './drawing';
import { markup, table, type Markup } from './html';
import { marked, moment, page, section } from './page';

/** The tables with their keys: a picture, and the same in words. Pure. */
export const keysSection = (keys: readonly DrawnKey[]): Markup =>
  section(
    'Tables and keys',
    keys.length === 0 ? markup`<p>No foreign key is declared.</p>` : drawing(keys),
    table(
      'Foreign keys',
      ['Key', 'Column', 'Refers to', 'On delete', 'State'],
      keys.map((key) => [
        key.name,
        `${key.table}.${key.column}`,
        `${key.parentTable}.${key.parentColumn}`,
        key.onDelete,
        marked(key.status),
      ]),
    ),
  );

/** Each migration with when it was applied. Pure. */
export const historySection = ({ migrations }: Pick<StatusResult, 'migrations'>): Markup =>
  section(
    'History of migrations',
    table(
      'Migrations, oldest first',
      ['Migration', 'State', 'Applied', 'Older programs'],
      migrations.map(({ name, status, appliedAt, breaking }) => [
        name,
        marked(status),
        appliedAt === null ? '' : moment(appliedAt),
        breaking === null ? '' : breaking === false ? 'go on working' : breaking,
      ]),
    ),
  );

/** The state of a database as a page. Pure. */
export const statusPage = (status: StatusResult, at: Date): string =>
  page(
    {
      title: 'State',
      verdict: status.ok ? 'UP TO DATE' : 'NOT UP TO DATE',
      mood: status.ok ? 'good' : 'bad',
      meaning: status.ok
        ? 'Every migration is applied, and no key is missing whose parent table is there.'
        : 'A migration or a key is missing, or the history names a migration that this version does not know.',
      where: status,
      at,
    },
    keysSection(status.keys),
    historySection(status),
    section('Guards', markup`<p>${guardStates[status.guards]}</p>`),
  );
