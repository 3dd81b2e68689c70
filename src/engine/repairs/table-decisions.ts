import { compareTable, type Difference } from '../schema/compare';
import { alterSql, describeIndexColumns } from '../schema/ddl';
import { quoteName } from '../server/queryable';
import { named, type Column, type Table } from '../schema/shape';
import { describeColumn } from '../steps/columns';
import { isRedundant, renamedIndexes } from './index-changes';
import { byObject, decisionOn, type Choice, type Decision, type RepairTarget } from './repair';
import { isConvertible } from './row-decisions';
import { declaredTwin, dropCheck, wantedColumn } from './table-changes';

/** The choice for a table that no repair can give its declared shape. */
function moveAway(table: string): Choice {
  const to = quoteName(`${table}_by_hand`);
  return {
    does: 'renames the table; the next adopt or migrate creates the declared one',
    sql: [`RENAME TABLE ${quoteName(table)} TO ${to}`],
  };
}

/** The choices that make a partitioned or system-versioned table an ordinary one. */
export function specialChoices({ name, special = '' }: Table): Choice[] {
  const choices: Choice[] = [];
  if (special.includes('partitioned')) {
    const sql = [alterSql(name, 'REMOVE PARTITIONING')];
    choices.push({ does: 'makes it a table without partitions, which copies it', sql });
  }
  if (special.includes('system versioned')) {
    const sql = [
      'SET SESSION system_versioning_alter_history = KEEP',
      alterSql(name, 'DROP SYSTEM VERSIONING'),
    ];
    choices.push({ does: 'ends the versioning, which deletes the former versions of the rows', sql });
  }
  return choices;
}

/** The ALTER that gives a live table its declared primary key. */
export function primaryKeySql(table: Table, found: Table): string {
  const drop = found.primaryKey.length === 0 ? [] : ['DROP PRIMARY KEY'];
  return alterSql(table.name, ...drop, `ADD PRIMARY KEY (${table.primaryKey.map(quoteName).join(', ')})`);
}

/** The decision about a table of another kind, which no repair can give its declared shape; null for any other. */
function kindDecision({ table, found }: RepairTarget, differences: readonly Difference[]): Decision | null {
  const { name } = table;
  const decide = (reason: string, ...choices: readonly Choice[]): Decision =>
    decisionOn({ table: name, object: 'table', name, differences }, reason, ...choices, moveAway(name));
  if (found.engine === 'VIEW') return decide(`${name} is a view`);
  if (found.special !== undefined) return decide(`${name} is ${found.special}`, ...specialChoices(found));
  const [key = '', wanted = ''] = [found.primaryKey, table.primaryKey].map((columns) => columns.join(', '));
  if (key === wanted) return null;
  if (!table.primaryKey.every((column) => named(found.columns, column)))
    return decide(`${name} has no column ${wanted}: it is another kind of table`);
  return decide(`the primary key of ${name} is ${key === '' ? 'missing' : `(${key})`}, not (${wanted})`, {
    does: 'makes it the primary key; fails while rows share an id or have none',
    sql: [primaryKeySql(table, found)],
  });
}

/** The decision about a column that the server fills, or whose values have another meaning in the declared type. */
function columnDecision(target: RepairTarget, name: string, all: readonly Difference[]): Decision | null {
  const { table, found } = target;
  const [wanted, live] = [named(table.columns, name), named(found.columns, name)];
  if (live === undefined) return null;
  const at = { table: table.name, object: 'column', name, differences: all } as const;
  const choices = wanted === undefined ? [] : [takeOver(target, live, wanted)];
  if (live.extra !== '' && live.extra !== 'invisible')
    return decisionOn(at, `${table.name}.${name} is ${live.extra}: the server fills it`, ...choices);
  if (wanted === undefined || isConvertible(live.type, wanted.type)) return null;
  return decisionOn(
    at,
    `${table.name}.${name} is ${live.type}; only who writes it knows what its values mean as ${wanted.type}`,
    ...choices,
  );
}

function takeOver(target: RepairTarget, live: Column, column: Column): Choice {
  const other = `${live.name}_by_hand`;
  const definition = describeColumn(wantedColumn(target, column));
  const rename = `RENAME COLUMN ${quoteName(live.name)} TO ${quoteName(other)}`;
  return {
    does: `keeps the column as ${other}; adopt then adds ${column.name} (${definition})`,
    sql: [alterSql(target.table.name, rename)],
  };
}

/** The decision about an undeclared unique index or CHECK: it refuses rows that the declared schema allows. */
function ruleDecision(target: RepairTarget, name: string, all: readonly Difference[]): Decision | null {
  const { table, found } = target;
  const [first] = all;
  if (first?.expected !== null) return null;
  const at = { table: table.name, object: first.object, name, differences: all };
  const index = named(found.indexes, name);
  if (first.object === 'index' && index !== undefined) {
    const isRenamed = [...renamedIndexes(target).values()].includes(index);
    if (isRenamed || isRedundant(target, index)) return null;
    const drop = `DROP INDEX ${quoteName(name)}`;
    const columns = describeIndexColumns(index);
    return decisionOn(
      at,
      `the unique index ${name} (${columns}) refuses rows that this package writes; somebody wanted that rule`,
      {
        does: 'keeps the index, and lets such rows in',
        sql: [alterSql(table.name, drop, `ADD INDEX ${quoteName(name)} (${columns})`)],
      },
      { does: 'drops it', sql: [alterSql(table.name, drop)] },
    );
  }
  const check = named(found.checks, name);
  if (first.object !== 'check' || check === undefined || declaredTwin(target, check)) return null;
  return decisionOn(
    at,
    `the CHECK ${name} (${check.expression}) may refuse rows that this package writes; somebody wanted that rule`,
    { does: 'drops it', sql: [alterSql(table.name, dropCheck(target, check))] },
  );
}

/** The decisions about an existing table that follow from its definition. Pure. */
export function tableDecisions(target: RepairTarget): Decision[] {
  const { declared, table, live } = target;
  const differences = compareTable(declared, table, live);
  const kind = kindDecision(target, differences);
  return kind === null ? objectDecisions(target, differences) : [kind];
}

/** The decisions about a table's columns, indexes and CHECKs. */
export function objectDecisions(target: RepairTarget, differences: readonly Difference[]): Decision[] {
  return [...byObject(differences).values()].flatMap((all) => {
    const [{ object = 'table', name = '' } = {}] = all;
    const decide = object === 'column' ? columnDecision : ruleDecision;
    return decide(target, name, all) ?? [];
  });
}
