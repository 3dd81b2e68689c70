import { tokensOf } from '../schema/expression';
import { named, type Check, type ForeignKey, type Table } from '../schema/shape';

/** What a migrate does about rows whose parent does not exist: refuse the key, clear the reference, or set the rows aside. */
export const orphanChoices = ['report', 'null', 'quarantine'] as const;

export type OrphanChoice = (typeof orphanChoices)[number];

/** A choice that changes rows, as it stands for one key. */
export interface OrphanChoiceForKey {
  readonly choice: Exclude<OrphanChoice, 'report'>;
  readonly isPossible: boolean;
  /** What it would do, to be put after a colon or in parentheses. */
  readonly does: string;
  /** Why it is not possible; null where it is. */
  readonly why: string | null;
}

/** True where a CHECK looks at the column; also where the expression is not understood but mentions the name. */
function namesColumn({ expression }: Check, column: string): boolean {
  const wanted = column.toLowerCase();
  const tokens = tokensOf(expression);
  if (tokens === null) return expression.toLowerCase().includes(wanted);
  return tokens.some(({ kind, value }) => (kind === 'name' || kind === 'word') && value === wanted);
}

/** Why a key's column can't be cleared; null where it can. */
function whyNotNull(child: Table, key: ForeignKey): string | null {
  const name = key.columns[0] ?? '';
  const column = named(child.columns, name);
  if (column === undefined) return `${child.name} has no column ${name}`;
  if (!column.nullable) return `${child.name}.${name} must not be NULL`;
  if (/generated/.test(column.extra)) return `${child.name}.${name} is a generated column`;
  const check = child.checks.find((one) => namesColumn(one, name));
  return check === undefined ? null : `the CHECK ${check.name} of ${child.name} needs ${name}`;
}

/**
 * What can be done about a key's orphans, in the order from the smallest change. Pure. Nothing is possible in a table
 * without a primary key: its rows can't be told apart.
 *
 * @param child the live child
 */
export function orphanChoicesFor(child: Table, key: ForeignKey): OrphanChoiceForKey[] {
  const column = key.columns[0] ?? '';
  const noKey = child.primaryKey.length === 0 ? `${child.name} has no primary key` : null;
  const reasons = { null: noKey ?? whyNotNull(child, key), quarantine: noKey };
  return [
    {
      choice: 'null',
      isPossible: reasons.null === null,
      does: `sets ${column} to NULL in those rows of ${child.name}, which stay`,
      why: reasons.null,
    },
    {
      choice: 'quarantine',
      isPossible: reasons.quarantine === null,
      does: `moves those rows of ${child.name}, and what hangs on them, to sendense_flow_orphans, from where restore-orphans brings them back`,
      why: reasons.quarantine,
    },
  ];
}

/** The caller's choice where it is possible for that key, else `report`. */
export function possibleChoice(
  child: Table,
  key: ForeignKey,
  choice: OrphanChoice | undefined,
): OrphanChoice {
  const found = orphanChoicesFor(child, key).find((one) => one.choice === choice);
  return found?.isPossible === true ? found.choice : 'report';
}
