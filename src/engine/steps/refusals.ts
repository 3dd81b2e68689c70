import { ProtectionFlowsError } from '../../errors';
import { describeDifference, type Difference } from '../schema/compare';
import { howToDiscard, type Words } from '../server/names';
import { countRows, quoteName } from '../server/queryable';
import type { StepContext } from './step';

/** SCHEMA_HAND_MADE: refuses to change an object that no migration made so. */
export function handMade(
  object: string,
  differences: readonly Difference[],
  { command }: Words,
): ProtectionFlowsError {
  const listed = differences.map(describeDifference);
  return new ProtectionFlowsError('SCHEMA_HAND_MADE', {
    message: `${object} exists already and is not what the migration makes: ${listed.join('; ')}`,
    remedy: `Take it over with ${command} adopt, which lists the differences; ${command} adopt --repair removes them and keeps every row. Or rename it, and migrate again.`,
    details: { object, differences },
  });
}

/** The same for a part of a table. It may also be missing (`actual` is null), although a migration made it. */
export function handMadePart(difference: Difference, words: Words): ProtectionFlowsError {
  const { object, table, name, property, actual } = difference;
  const seen = { ...difference, property: actual === null ? 'presence' : property };
  return handMade(`${object} ${table}.${name}`, [seen], words);
}

/** A table or column to drop, and the rows that would lose something. */
interface Drop {
  readonly table: string;
  /** The column; left out for the whole table. */
  readonly column?: string;
  /** SQL that selects the rows with something to lose. Default: all rows. */
  readonly condition?: string | undefined;
}

/**
 * Counts the rows that would lose something by the drop.
 *
 * @throws ROLLBACK_WOULD_LOSE_ROWS where there are any and the caller did not allow their loss (`discardRows`)
 */
export async function assertNoLoss(context: StepContext, { table, column, condition }: Drop): Promise<void> {
  const rows = await countRows(context.session, quoteName(table), condition);
  if (rows === 0) return;
  const many = `${rows} row${rows === 1 ? '' : 's'}`;
  if (context.discardRows) return context.onDiscard?.(column ? `${table}.${column}` : table, rows);
  const [loses, save] =
    column === undefined
      ? [`dropping ${table} would lose ${many}`, 'Save the rows']
      : [
          `dropping column ${table}.${column} would lose the value of ${many}`,
          `Save the values (SELECT * FROM ${quoteName(table)} WHERE ${condition ?? 'TRUE'};)`,
        ];
  throw new ProtectionFlowsError('ROLLBACK_WOULD_LOSE_ROWS', {
    message: loses,
    remedy: `${save}, ${howToDiscard(context.owner.words)}`,
    details: { table, ...(column === undefined ? {} : { column }), rows },
  });
}
