import { countCharacters, isOneLine, type Reader } from '../../arguments';
import type { Optional } from '../../domain';
import type { FlowRow } from '../../entities';
import type { FieldFault } from '../../errors';
import { columnsOf } from '../input';

/** What flows have to have; a property that is undefined does not matter, null means "none". */
export interface FlowFilter extends Optional<
  Pick<
    FlowRow,
    | 'flow_type'
    | 'target_type'
    | 'target_id'
    | 'enabled'
    | 'schedule_id'
    | 'repository_id'
    | 'policy_id'
    | 'last_execution_status'
  >
> {
  /** A part of the name, without regard to case as the names' collation has it; `%`, `_` and `\` mean themselves. */
  readonly nameContains?: string | undefined;
}

/** The filters that are columns, in the order in which conditions name them. */
const columns = [
  'target_id',
  'schedule_id',
  'repository_id',
  'policy_id',
  'flow_type',
  'enabled',
  'target_type',
  'last_execution_status',
] as const satisfies readonly (keyof FlowFilter)[];

function nameFaults({ nameContains: part }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (part === undefined || (isOneLine(part) && part !== '' && countCharacters(part) <= 255)) return [];
  const isNamePart = 'nameContains must be a text of 1 to 255 characters, without control characters';
  return [{ field: 'nameContains', constraints: { isNamePart } }];
}

/** A filter, as it came from the caller. */
export const flowFilter: Reader<FlowFilter> = columnsOf(
  'ProtectionFlow',
  [...columns, 'nameContains'],
  'update',
  { refusal: 'is not a filter', judge: nameFaults },
);

/** A filter as SQL: a condition on `protection_flows f`, empty where everything passes. */
export interface Where {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** `!` and not `\` takes the meaning of what follows: it has none in a text literal of SQL. */
const patternFor = (part: string): string => `%${part.replace(/[!%_]/g, '!$&')}%`;

/** The condition that a filter stands for. */
export function whereOf(filter: FlowFilter): Where {
  const given = columns.filter((name) => filter[name] !== undefined);
  const conditions = given.map((name) => `f.${name} ${filter[name] === null ? 'IS NULL' : '= ?'}`);
  const parameters: unknown[] = given.map((name) => filter[name]).filter((value) => value !== null);
  // The indexes on the target begin with its type
  if (filter.target_id !== undefined && filter.target_type === undefined)
    conditions.push("f.target_type IN ('vm', 'group')");
  if (filter.nameContains !== undefined) {
    conditions.push("f.name LIKE ? ESCAPE '!'");
    parameters.push(patternFor(filter.nameContains));
  }
  return { sql: conditions.join(' AND '), parameters };
}
