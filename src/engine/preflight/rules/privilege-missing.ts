import { quarantineName } from '../../orphans/quarantine-table';
import { possibleChoice } from '../../orphans/settle-orphans';
import type { Schema } from '../../schema/shape';
import { grantRemedy, leaseNeeds, type Need } from '../access/read-access';
import type { Facts, KeyFact } from '../facts';
import type { Rule } from '../finding';

/** A privilege that the next migrate needs. */
interface NeededPrivilege extends Need {
  /** The column on which the privilege is enough. */
  readonly column?: string;
  /** The late key that alone needs it; null where a pending migration or reading the catalog needs it. */
  readonly key: string | null;
}

const needs = (table: string, key: string | null, ...privileges: string[]): NeededPrivilege[] =>
  privileges.map((privilege) => ({ privilege, table, key }));

/** For the steps' statements both servers require only CREATE, ALTER or DROP, but not INDEX (tried). */
function forStatements({ plan }: Facts): NeededPrivilege[] {
  return plan.statements
    .filter(({ migration }) => migration !== null)
    .flatMap(({ privilege, table }) =>
      privilege === null || table === null ? [] : needs(table, null, privilege),
    );
}

/** For rows that steps read and write besides their planned statements. */
const forRows = ({ pending, live }: Facts): NeededPrivilege[] =>
  pending
    .flatMap(({ steps }) => steps.flatMap((step) => step.needs?.(live) ?? []))
    .map((need) => ({ ...need, key: null }));

/** For the history. CREATE TABLE IF NOT EXISTS requires CREATE even where the table exists (tried). */
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

/** For the lock's lease in a cluster. It is taken before the first statement, so a late key needs it too. */
function forLock({ lockTable, pending, historyTable, keys }: Facts): NeededPrivilege[] {
  if (!lockTable.isNeeded) return [];
  const isPending = pending.length > 0 || historyTable.reverting.length > 0;
  const late = keys.filter((fact) => fact.late && fact.state.status === 'to-add');
  return (isPending ? [null] : late.map(({ key }) => key.name)).flatMap((key) =>
    leaseNeeds(lockTable.name, lockTable.exists).map((need) => ({ ...need, key })),
  );
}

/** For a key: its child is altered and scanned, its parent is scanned and referred to. */
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
  // MySQL requires REFERENCES on the parent. MariaDB requires SELECT on the whole parent: REFERENCES with SELECT on a
  // column is not enough (tried on 10.11 and 11.8).
  const reference = server.flavour === 'mysql' ? 'REFERENCES' : 'SELECT';
  return [...scans, ...needs(table, key, 'ALTER'), ...needs(parent, key, reference)];
}

/** The table, and the tables whose rows move with its rows: by declared keys with ON DELETE CASCADE. */
function goingWith(declared: Schema, table: string, known: readonly string[] = []): string[] {
  const all = [...known, table];
  return [...declared.values()].reduce((found, { name, foreignKeys }) => {
    const hangs = foreignKeys.some((key) => key.parentTable === table && key.onDelete === 'CASCADE');
    return hangs && !found.includes(name) ? goingWith(declared, name, found) : found;
  }, all);
}

/** For a key's orphans: the caller's choice sets their column to NULL, or moves them and the rows that depend on them. */
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

/** Everything that the next migrate needs, with SELECT on hidden tables. */
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

/** True where the facts show that the table exists. */
function isThereIn({ live, hidden, historyTable, lockTable, quarantines }: Facts, table: string): boolean {
  const made = [historyTable, lockTable].filter(({ exists }) => exists).map(({ name }) => name);
  return (
    live.has(table) || hidden.has(table) || [...made, ...[...quarantines.values()].flat()].includes(table)
  );
}

/** Privileges that the user lacks for the next migrate: one finding for each table, with one remedy for all of them. */
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
