import { quarantineName } from '../../orphans/quarantine-table';
import { possibleChoice } from '../../orphans/settle-orphans';
import type { Schema } from '../../schema/shape';
import { grantRemedy, leaseNeeds, type Need } from '../access/read-access';
import type { Facts, KeyFact } from '../facts';
import type { Rule } from '../finding';

/** A privilege that the next migrate needs. */
interface NeededPrivilege extends Need {
  /** The column that it is needed on, where it need not be the whole table. */
  readonly column?: string;
  /** The late key that alone needs it; null where a pending migration, or reading the catalog, does. */
  readonly key: string | null;
}

const needs = (table: string, key: string | null, ...privileges: string[]): NeededPrivilege[] =>
  privileges.map((privilege) => ({ privilege, table, key }));

/** Both servers ask for nothing but CREATE, ALTER or DROP for what the steps execute; INDEX is not needed (tried). */
function forStatements({ plan }: Facts): NeededPrivilege[] {
  return plan.statements
    .filter(({ migration }) => migration !== null)
    .flatMap(({ privilege, table }) =>
      privilege === null || table === null ? [] : needs(table, null, privilege),
    );
}

/** What steps do besides their statements: rows that they read and write. */
const forRows = ({ pending, live }: Facts): NeededPrivilege[] =>
  pending
    .flatMap(({ steps }) => steps.flatMap((step) => step.needs?.(live) ?? []))
    .map((need) => ({ ...need, key: null }));

/** CREATE TABLE IF NOT EXISTS asks for CREATE even where the table is there (tried). */
function forHistory({ pending, historyTable }: Facts): NeededPrivilege[] {
  const { name: table, exists, isComplete, reverting } = historyTable;
  return needs(
    table,
    null,
    ...(exists || pending.length > 0 ? ['SELECT'] : []),
    ...(pending.length > 0 ? ['CREATE', 'INSERT'] : []),
    ...(pending.length > 0 && exists && !isComplete ? ['ALTER'] : []),
    ...(reverting.length > 0 ? ['UPDATE'] : []),
  );
}

/** In a cluster, the lock's lease: taken before the first statement, so by a late key as well. */
function forLock({ lockTable, pending, historyTable, keys }: Facts): NeededPrivilege[] {
  if (!lockTable.isNeeded) return [];
  const isPending = pending.length > 0 || historyTable.reverting.length > 0;
  const late = keys.filter((fact) => fact.late && fact.state.status === 'to-add');
  return (isPending ? [null] : late.map(({ key }) => key.name)).flatMap((key) =>
    leaseNeeds(lockTable.name, lockTable.exists).map((need) => ({ ...need, key })),
  );
}

/** A key: its child is altered and scanned, its parent is scanned and referred to. */
function forKey({ server, live, hidden, plan }: Facts, fact: KeyFact): NeededPrivilege[] {
  const { table, late, state } = fact;
  const parent = fact.key.parentTable;
  const isThere = (name: string): boolean => live.has(name) || (!late && plan.after.has(name));
  if (!isThere(table) || !(isThere(parent) || hidden.has(parent))) return [];
  if (state.status === 'deferred' || (state.status === 'present' && late)) return [];
  const key = late ? fact.key.name : null;
  const column = fact.key.parentColumns[0];
  const scans = [...needs(table, key, 'SELECT'), { privilege: 'SELECT', table: parent, column, key }];
  if (state.status === 'present') return scans;
  // MySQL wants REFERENCES on the parent. MariaDB takes SELECT on the whole of it for that, and does not take
  // REFERENCES beside SELECT on a column (tried on 10.11 and 11.8).
  const reference = server.flavour === 'mysql' ? 'REFERENCES' : 'SELECT';
  return [...scans, ...needs(table, key, 'ALTER'), ...needs(parent, key, reference)];
}

/** The tables whose rows go with a row of that table, itself among them: by the declared keys ON DELETE CASCADE. */
function goingWith(declared: Schema, table: string, known: readonly string[] = []): string[] {
  const all = [...known, table];
  return [...declared.values()].reduce((found, { name, foreignKeys }) => {
    const hangs = foreignKeys.some((key) => key.parentTable === table && key.onDelete === 'CASCADE');
    return hangs && !found.includes(name) ? goingWith(declared, name, found) : found;
  }, all);
}

/** What becomes of a key's orphans, as the caller chose: they are cleared, or they move with what hangs on them. */
function forOrphans(
  { live, plan, wishes, words, quarantines }: Facts,
  { table, key, late, orphans }: KeyFact,
): NeededPrivilege[] {
  const child = live.get(table);
  if (child === undefined || orphans === null || orphans.rows === 0) return [];
  const choice = possibleChoice(child, key, wishes.orphans);
  const lateKey = late ? key.name : null;
  if (choice === 'null') return needs(table, lateKey, 'SELECT', 'UPDATE');
  if (choice === 'report') return [];
  return goingWith(plan.after, table)
    .filter((name) => live.has(name))
    .flatMap((name) => {
      const [newest] = quarantines.get(name) ?? [];
      return [
        ...needs(name, lateKey, 'SELECT', 'DELETE'),
        ...(newest === undefined
          ? needs(quarantineName(words, name), lateKey, 'CREATE', 'INSERT')
          : needs(newest, lateKey, 'INSERT')),
      ];
    });
}

/** Everything that the next migrate needs; SELECT on a table that the catalog hides for lack of it among it. */
function neededPrivileges(facts: Facts): NeededPrivilege[] {
  return [
    ...forHistory(facts),
    ...forLock(facts),
    ...forStatements(facts),
    ...forRows(facts),
    ...[...facts.hidden].flatMap((table) => needs(table, null, 'SELECT')),
    ...facts.keys.flatMap((fact) => [...forKey(facts, fact), ...forOrphans(facts, fact)]),
  ];
}

/** True for a table that is there, as far as the facts tell. */
function isThereIn({ live, hidden, historyTable, lockTable, quarantines }: Facts, table: string): boolean {
  const made = [historyTable, lockTable].filter(({ exists }) => exists).map(({ name }) => name);
  return (
    live.has(table) || hidden.has(table) || [...made, ...[...quarantines.values()].flat()].includes(table)
  );
}

/**
 * What the user lacks for the next migrate: one finding for each table, with all that is missing there, and one
 * fix for all of them.
 */
export const privilegeMissing: Rule = (facts) => {
  const { access } = facts;
  if (access === null || access.holds === null) return [];
  const { holds } = access;
  const missing = neededPrivileges(facts).filter((need) => !holds(need.privilege, need.table, need.column));
  const forAll = missing.filter(({ key }) => key === null);
  const isForAll = (need: NeededPrivilege): boolean =>
    forAll.some((one) => one.table === need.table && one.privilege === need.privilege);
  const groups = new Map<string, NeededPrivilege[]>();
  for (const need of [...forAll, ...missing.filter((one) => one.key !== null && !isForAll(one))]) {
    const group = `${need.table} ${need.key ?? ''}`;
    groups.set(group, [...(groups.get(group) ?? []), need]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { table, key } = first;
    const privileges = [...new Set(group.map(({ privilege }) => privilege))];
    return [
      {
        effect: key === null ? 'blocking' : 'key-refused',
        table,
        key,
        message: `${access.user} lacks ${privileges.join(', ')} on ${table}, which migrate needs${key === null ? '' : ` for ${key}`}`,
        remedy: grantRemedy(access, missing, (name) => isThereIn(facts, name)),
        details: { user: access.user, scope: `${access.database}.${table}`, privileges },
      },
    ];
  });
};
