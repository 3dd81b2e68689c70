import { ProtectionFlowsError } from '../../errors';
import { quoteName, select } from '../queryable';
import type { Index } from '../shape';
import type { StepContext } from '../step';

/** Refuses where a unique index can't come back: rows have come to share its values. */
export async function assertUniqueAgain(context: StepContext, table: string, index: Index): Promise<void> {
  const columns = index.columns.map((part) => quoteName(part.name));
  const duplicates = await select(
    context.session,
    `SELECT 1 AS found FROM ${quoteName(table)} WHERE ${columns.map((name) => `${name} IS NOT NULL`).join(' AND ')}
      GROUP BY ${columns.join(', ')} HAVING COUNT(*) > 1 LIMIT 1`,
  );
  if (duplicates.length === 0) return;
  throw new ProtectionFlowsError('ROLLBACK_WOULD_LOSE_ROWS', {
    message: `rows of ${table} have the same ${index.columns.map((part) => part.name).join(', ')}: ${index.name} can't be unique again`,
    consequence: 'Nothing was changed; every row is still there.',
    remedy: `Make them different first. To see them: SELECT ${columns.join(', ')}, COUNT(*) FROM ${quoteName(table)} GROUP BY ${columns.join(', ')} HAVING COUNT(*) > 1;`,
    details: { table, index: index.name },
  });
}
