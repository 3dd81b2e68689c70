import { ProtectionFlowsError } from '../../errors';
import { describeDifference, type Difference } from '../schema/compare';
import { howToDiscard, type Words } from '../server/names';
import { countRows, quoteName } from '../server/queryable';
import type { StepContext } from './step';

/** The refusal to touch an object that is there in a shape that no migration gave it. */
export function handMade(
  object: string,
  differences: readonly Difference[],
  { command }: Words,
): ProtectionFlowsError {
  const listed = differences.map(describeDifference);
  return new ProtectionFlowsError('SCHEMA_HAND_MADE', {
    message: `${object} exists already and is not what the migration makes: ${listed.join('; ')}`,
    remedy: `Take it over with ${command} adopt, which lists the differences; ${command} adopt --repair ends them and keeps every row. Or move it away, and migrate again.`,
    details: { object, differences },
  });
}

/** The same of a part of a table, which may also be missing (`actual` is null), though a migration made it. */
export function handMadePart(difference: Difference, words: Words): ProtectionFlowsError {
  const { object, table, name, property, actual } = difference;
  const seen = { ...difference, property: actual === null ? 'presence' : property };
  return handMade(`${object} ${table}.${name}`, [seen], words);
}

/** What is to be dropped, and which rows would be lost with it. */
interface Drop {
  readonly table: string;
  /** The column, where it is not the whole table. */
  readonly column?: string;
  /** True for the rows that would be missed. Default: all. */
  readonly condition?: string | undefined;
}

/**
 * Looks whether dropping a table, or a column of it, loses what somebody wrote.
 *
 * @throws ROLLBACK_WOULD_LOSE_ROWS, unless the caller said that it may go
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
