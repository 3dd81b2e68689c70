import { type Difference } from '../schema/compare';
import { indexSql } from '../schema/ddl';
import { isGuard } from '../schema/guarded-columns';
import { quoteName } from '../server/queryable';
import { named, type Index } from '../schema/shape';
import { describeIndex, sameIndex } from '../steps/indexes';
import { byObject, type RepairTarget, type TableChange } from './repair';

/** True for indexes that the server uses alike. */
const isTwin = (wanted: Index, other: Index): boolean =>
  sameIndex(wanted, other) && wanted.visible === other.visible && wanted.kind === other.kind;

const columnNames = (index: Index): string[] => index.columns.map((part) => part.name);

/**
 * True for a unique index that refuses nothing which is not refused anyway: another declared to be unique, or the
 * primary key, has some of its columns.
 */
export function isRedundant({ table }: Pick<RepairTarget, 'table'>, extra: Index): boolean {
  const uniques = [table.primaryKey, ...table.indexes.filter(({ unique }) => unique).map(columnNames)];
  const whole = extra.columns.filter((part) => part.prefix === null).map((part) => part.name);
  return uniques.some((columns) => columns.every((name) => whole.includes(name)));
}

/** The live index, under a name of no declared one, that each absent declared index is to be made of. */
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

function declaredIndex(
  { found, server }: RepairTarget,
  wanted: Index,
  differences: readonly Difference[],
): Pick<TableChange, 'clause' | 'what'> {
  const name = quoteName(wanted.name);
  const live = named(found.indexes, wanted.name);
  if (live === undefined) return { clause: `ADD ${indexSql(wanted)}`, what: `add ${wanted.name}` };
  if (differences.every(({ property }) => property === 'visible')) {
    // MariaDB takes DROP and ADD of the same index for nothing at all, and leaves it ignored
    const use = server.flavour === 'mariadb' ? 'NOT IGNORED' : 'VISIBLE';
    return { clause: `ALTER INDEX ${name} ${use}`, what: `use ${wanted.name}` };
  }
  return {
    clause: `DROP INDEX ${name}, ADD ${indexSql(wanted)}`,
    what: `make ${wanted.name} ${describeIndex(wanted)}`,
  };
}

/** A redundant unique index: away where a declared one has its columns, else no longer unique. */
function redundantIndex({ table }: RepairTarget, extra: Index): Pick<TableChange, 'clause' | 'what'> {
  const drop = `DROP INDEX ${quoteName(extra.name)}`;
  if (table.indexes.some((one) => sameIndex({ ...one, unique: true }, extra)))
    return { clause: drop, what: `drop ${extra.name}` };
  return {
    clause: `${drop}, ADD ${indexSql({ ...extra, unique: false })}`,
    what: `make ${extra.name} an ordinary index`,
  };
}

/** The live indexes that migrations made and a later one dropped. */
const retiredIndexes = ({ table, found }: Pick<RepairTarget, 'table' | 'found'>): Index[] =>
  found.indexes.filter((index) => {
    const retired = named(table.retired ?? [], index.name);
    return retired !== undefined && sameIndex(retired, index);
  });

/** The same as differences: no fault of the table, but what migrating it would have taken away. */
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

/** The changes that bring every declared index; others stay, but for a unique one that only repeats, and what is retired. */
export function indexChanges(target: RepairTarget, differences: readonly Difference[]): TableChange[] {
  const { table, found } = target;
  const renamed = renamedIndexes(target);
  const taken = new Map([...renamed].map(([name, index]) => [index.name, name]));
  const ofIndexes = byObject(differences.filter(({ object }) => object === 'index'));
  const retired = retiredIndexes(target);
  const changes: TableChange[] = [];
  for (const all of ofIndexes.values()) {
    const name = all[0]?.name ?? '';
    const wanted = named(table.indexes, name);
    const extra = named(found.indexes, name);
    const old = renamed.get(name);
    if (wanted !== undefined && old !== undefined) {
      const also = differences.filter((one) => one.object === 'index' && one.name === old.name);
      const clause = `RENAME INDEX ${quoteName(old.name)} TO ${quoteName(name)}`;
      const what = `rename ${old.name}`;
      changes.push({ clause, what, copies: false, differences: [...all, ...also] });
    } else if (wanted !== undefined) {
      changes.push({ ...declaredIndex(target, wanted, all), copies: false, differences: all });
    } else if (extra !== undefined && retired.includes(extra)) {
      const clause = `DROP INDEX ${quoteName(name)}`;
      changes.push({ clause, what: `drop ${name}`, copies: false, differences: all });
    } else if (extra !== undefined && !taken.has(name) && isRedundant(target, extra)) {
      changes.push({ ...redundantIndex(target, extra), copies: false, differences: all });
    }
  }
  const isLater = ({ differences: [first] }: TableChange): boolean => {
    const index = named(table.indexes, first?.name ?? '');
    return index === undefined || !isGuard(table, index);
  };
  return [...changes].sort((one, other) => Number(isLater(one)) - Number(isLater(other)));
}

/** The indexes as they will be, in the server's order: what stays, then what is added, those that guard a key first. */
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
