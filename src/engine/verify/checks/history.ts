import { describeDifference } from '../../schema/compare';
import {
  createHistorySql,
  historyTableFaults,
  mendHistorySql,
  disorderedRows,
  insertRows,
  mistimedRows,
  repeatedRows,
  unknownRows,
  type HistoryFault,
} from '../../history/history';
import { note, remedyText, statement } from '../../steps/remedy';
import { missingTables, readingsOf, type Check, type VerifyContext } from '../context';
import { fail, pass } from '../report';

/** The faults of the history, without what is pending, in the order in which to mend them. */
export function historyFaults({ history, known }: Pick<VerifyContext, 'history' | 'known'>): HistoryFault[] {
  const { rows, names, table } = history;
  // The next migration adds this column to a table of an earlier release
  const faults = table === null ? [] : historyTableFaults(table).filter(({ name }) => name !== 'breaking');
  const columns = faults.filter(({ object }) => object !== 'index');
  const indexes = faults.filter(({ object }) => object === 'index');
  const ofTable = (some: typeof faults): HistoryFault[] => {
    if (some.length === 0 || table === null) return [];
    const parts = mendHistorySql(table, some).map(statement);
    return [{ summary: some.map(describeDifference).join('; '), parts }];
  };
  return [
    ...ofTable(columns),
    ...unknownRows(names, rows, known),
    ...repeatedRows(names, rows),
    ...ofTable(indexes),
    ...mistimedRows(names, rows, known),
    ...disorderedRows(names, rows, known),
  ];
}

/** The fault of migrations that are not recorded, or half rolled back. */
function pendingFault({ history, known }: VerifyContext): HistoryFault[] {
  const { rows, names } = history;
  const { table, command } = names;
  const absent = known.filter((name) => !rows.some((row) => row.name === name));
  const recorded = known.length - absent.length;
  const reverting = rows.filter((row) => row.reverting).map(({ name }) => name);
  const summary = [
    ...(history.table === null ? [`there is no table ${table}`] : []),
    ...(absent.length > 0
      ? [`${recorded} of ${known.length} migrations recorded; pending: ${absent.join(', ')}`]
      : []),
    ...(reverting.length > 0
      ? [`a rollback of ${reverting.join(', ')} died half-way (${command} rollback would finish it)`]
      : []),
  ];
  const parts = [
    ...(history.table === null ? [statement(createHistorySql(table))] : []),
    ...insertRows(names, absent, rows, known),
    ...rows
      .filter((row) => row.reverting)
      .map(({ id }) => statement(`UPDATE ${table} SET reverting = 0 WHERE id = ${id}`)),
  ];
  return summary.length === 0 ? [] : [{ summary: summary.join('; '), parts }];
}

/** True where a table exists and no migration is recorded: the tables were made by hand, or the history was emptied. */
const isUnrecorded = ({ history, declared, live }: VerifyContext): boolean =>
  history.rows.length === 0 && missingTables({ declared, live }).length < declared.size;

/**
 * The remedy for the history. For unrecorded tables it is adopt, which records them where they are as declared, lists what
 * differs, and asks about what would begin by itself.
 */
function remedyFor(context: VerifyContext, faults: readonly HistoryFault[]): string {
  const { history } = context;
  const { command } = history.names;
  if (history.migrateMends) return `${command} migrate`;
  if (!isUnrecorded(context)) return remedyText(faults.flatMap(({ parts }) => [...parts]));
  const ofTable = historyFaults(context).flatMap(({ parts }) => [...parts]);
  return ofTable.length === 0 ? `${command} adopt` : remedyText([...ofTable, note(`Then: ${command} adopt`)]);
}

/** Every migration is recorded once, in order and with its timestamp, and no unknown migration is. */
export const historyCheck: Check = {
  id: 'history',
  async run(context) {
    const { history, known } = context;
    const evidence = readingsOf(context, history.names.table);
    const faults = [...historyFaults(context), ...pendingFault(context)];
    if (faults.length === 0) return pass(`all ${known.length} migrations recorded, each once`, evidence);
    return fail(faults.map(({ summary }) => summary).join('; '), remedyFor(context, faults), evidence);
  },
};
