import type { Difference } from '../schema/compare';
import { checkSql, columnSql, dropCheckSql } from '../schema/ddl';
import { sameExpression } from '../schema/expression';
import { named, type Check } from '../schema/shape';
import { wantedColumn } from './column-changes';
import { byObject, type RepairTarget, type TableChange } from './repair';

/** The declared CHECK that says the same. */
export const declaredTwin = ({ table }: Pick<RepairTarget, 'table'>, check: Check): Check | undefined =>
  table.checks.find((one) => sameExpression(one.expression, check.expression));

/** What takes a CHECK off. MariaDB's CHECK of a column, named as the column, goes with the column's definition. */
export function dropCheck(target: RepairTarget, check: Check): string {
  const column = named(target.table.columns, check.name);
  if (column === undefined || target.server.flavour !== 'mariadb') return dropCheckSql(check.name);
  const wanted = wantedColumn(target, column);
  const { charset, collation } = wanted;
  const text = charset !== null && collation !== null ? { charset, collation } : null;
  return `MODIFY ${columnSql(wanted, text)}`;
}

/**
 * The changes that bring every declared CHECK. One that says the same under another name gives way to it in the same
 * statement: the rows are never without.
 *
 * @param modified columns that another change defines anew
 */
export function checkChanges(
  target: RepairTarget,
  differences: readonly Difference[],
  modified: ReadonlySet<string>,
): TableChange[] {
  const { table, found } = target;
  const groups = byObject(differences.filter(({ object }) => object === 'check'));
  const drops = (check: Check): string[] =>
    modified.has(check.name) && dropCheck(target, check) !== dropCheckSql(check.name)
      ? []
      : [dropCheck(target, check)];
  const changes: TableChange[] = [];
  const used = new Set<string>();
  for (const all of groups.values()) {
    const wanted = named(table.checks, all[0]?.name ?? '');
    if (wanted === undefined) continue;
    const givingWay = found.checks.filter(
      (one) =>
        one.name === wanted.name || (!named(table.checks, one.name) && declaredTwin(target, one) === wanted),
    );
    for (const one of givingWay) used.add(one.name);
    changes.push({
      clause: [...givingWay.flatMap(drops), `ADD ${checkSql(wanted)}`].join(', '),
      what: `add ${wanted.name}`,
      copies: true,
      differences: [
        ...all,
        ...differences.filter((one) => one.object === 'check' && one.expected === null && used.has(one.name)),
      ],
    });
  }
  for (const check of found.checks) {
    const all = groups.get(`check ${check.name}`);
    if (all === undefined || used.has(check.name) || named(table.checks, check.name)) continue;
    const clauses = drops(check);
    if (declaredTwin(target, check) === undefined || clauses.length === 0) continue;
    changes.push({
      clause: clauses.join(', '),
      what: `drop ${check.name}`,
      copies: false,
      differences: all,
    });
  }
  return changes;
}
