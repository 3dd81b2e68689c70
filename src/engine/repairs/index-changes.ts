import type { Difference } from '../schema/compare';
import { indexSql } from '../schema/ddl';
import { isGuard } from '../schema/guarded-columns';
import { quoteName } from '../server/queryable';
import { named, type Index } from '../schema/shape';
import { describeIndex, sameIndex } from '../steps/indexes';
import type { RepairTarget, TableChange } from './repair';

/** True for indexes that differ in their names at most. */
const isTwin = (wanted: Index, other: Index): boolean =>
  sameIndex(wanted, other) && wanted.visible === other.visible && wanted.kind === other.kind;

const columnNames = (index: Index): string[] => index.columns.map((part) => part.name);

/**
 * True for a unique index that refuses no further row: its columns include all those of a declared unique index or of the
 * primary key.
 */
export function isRedundant({ table }: Pick<RepairTarget, 'table'>, extra: Index): boolean {
  const uniques = [table.primaryKey, ...table.indexes.filter(({ unique }) => unique).map(columnNames)];
  const whole = extra.columns.filter((part) => part.prefix === null).map((part) => part.name);
  return uniques.some((columns) => columns.every((name) => whole.includes(name)));
}

/** By the name of each missing declared index: the undeclared live index that only has to be renamed. */
export function renamedIndexes({ table, found }: Pick<RepairTarget, 'table' | 'found'>): Map<string, Index> {
  const renamed = new Map<string, Index>();
  for (const wanted of table.indexes.filter(({ name }) => !named(found.indexes, name))) {
    const twin = found.indexes.find(
      (other) =>
        isTwin(wanted, other) && !named(table.indexes, other.name) && ![...renamed.values()].includes(other),
    );
    if (twin !== undefined) renamed.set(wanted.name, twin);
  }
  return renamed;
}

/** The live indexes that one migration added and a later one dropped. */
const retiredIndexes = ({ table, found }: Pick<RepairTarget, 'table' | 'found'>): Index[] =>
  found.indexes.filter((index) => {
    const retired = named(table.retired ?? [], index.name);
    return retired !== undefined && sameIndex(retired, index);
  });

/** The retired indexes as differences. They are no fault of the table, but a migrate would have dropped them. */
export function retiredDifferences(target: Pick<RepairTarget, 'table' | 'found'>): Difference[] {
  return retiredIndexes(target).map((index) => ({
    object: 'index',
    table: target.table.name,
    name: index.name,
    property: 'presence',
    expected: null,
    actual: `${describeIndex(index)}, with which another index begins`,
  }));
}

/** The clause of ALTER TABLE for one index, also in words. */
type IndexChange = Pick<TableChange, 'clause' | 'what'>;

/** Makes a declared index: renames a live one of its kind, else adds or rebuilds it. */
function declaredIndex(
  { found, server }: RepairTarget,
  wanted: Index,
  old: Index | undefined,
  differences: readonly Difference[],
): IndexChange {
  const name = quoteName(wanted.name);
  if (old) return { clause: `RENAME INDEX ${quoteName(old.name)} TO ${name}`, what: `rename ${old.name}` };
  if (!named(found.indexes, wanted.name))
    return { clause: `ADD ${indexSql(wanted)}`, what: `add ${wanted.name}` };
  if (differences.every(({ property }) => property === 'visible')) {
    // MariaDB treats DROP and ADD of the same index as no change, and leaves it ignored
    const use = server.flavour === 'mariadb' ? 'NOT IGNORED' : 'VISIBLE';
    return { clause: `ALTER INDEX ${name} ${use}`, what: `use ${wanted.name}` };
  }
  const clause = `DROP INDEX ${name}, ADD ${indexSql(wanted)}`;
  return { clause, what: `make ${wanted.name} ${describeIndex(wanted)}` };
}

/** Drops an undeclared index that is retired or repeats a declared one, and makes a redundant one not unique; else null. */
function undeclaredIndex(target: RepairTarget, extra: Index): IndexChange | null {
  const drop = `DROP INDEX ${quoteName(extra.name)}`;
  const isDeclared = target.table.indexes.some((one) => sameIndex({ ...one, unique: true }, extra));
  const redundant = isRedundant(target, extra);
  if (retiredIndexes(target).includes(extra) || (redundant && isDeclared))
    return { clause: drop, what: `drop ${extra.name}` };
  if (!redundant) return null;
  const plain = `ADD ${indexSql({ ...extra, unique: false })}`;
  return { clause: `${drop}, ${plain}`, what: `make ${extra.name} an ordinary index` };
}

/** The changes that make every declared index, see {@link undeclaredIndex} for the others. */
export function indexChanges(
  target: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
): TableChange[] {
  const { table, found } = target;
  const renamed = renamedIndexes(target);
  const taken = [...renamed.values()];
  const declared = table.indexes.flatMap((wanted): TableChange[] => {
    const own = groups.get(`index ${wanted.name}`);
    if (own === undefined) return [];
    const old = renamed.get(wanted.name);
    const differences = [...own, ...((old && groups.get(`index ${old.name}`)) ?? [])];
    return [{ ...declaredIndex(target, wanted, old, own), copies: false, differences }];
  });
  const others = found.indexes.flatMap((extra): TableChange[] => {
    const differences = groups.get(`index ${extra.name}`);
    if (differences === undefined || named(table.indexes, extra.name) || taken.includes(extra)) return [];
    const change = undeclaredIndex(target, extra);
    return change === null ? [] : [{ ...change, copies: false, differences }];
  });
  const isLater = ({ differences: [first] }: TableChange): boolean => {
    const index = named(table.indexes, first?.name ?? '');
    return index === undefined || !isGuard(table, index);
  };
  return [...declared, ...others].sort((one, other) => Number(isLater(one)) - Number(isLater(other)));
}

/** The indexes after the changes, in the server's order: first those that stay, then added guarding ones, then the rest. */
export function reshapedIndexes({ table, found }: Pick<RepairTarget, 'table' | 'found'>): Index[] {
  const names = new Map([...renamedIndexes({ table, found })].map(([name, index]) => [index.name, name]));
  const retired = retiredIndexes({ table, found });
  const staying = found.indexes.flatMap((index): Index[] => {
    if (retired.includes(index)) return [];
    const declared = named(table.indexes, names.get(index.name) ?? index.name);
    if (declared === undefined) return [{ ...index, unique: false }];
    return sameIndex(declared, index) ? [declared] : [];
  });
  const added = table.indexes.filter(({ name }) => !named(staying, name));
  const guards = added.filter((index) => isGuard(table, index));
  return [...staying, ...guards, ...added.filter((index) => !guards.includes(index))];
}
