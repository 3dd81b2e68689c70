import { quarantineName } from '../../orphans/quarantine-table';
import { possibleChoice } from '../../orphans/settle-orphans';
import type { Schema } from '../../schema/shape';
import type { Facts, KeyFact } from '../facts';
import type { Holds } from './grants';

/** A privilege that the next migrate needs. */
export interface NeededPrivilege {
  readonly privilege: string;
  readonly table: string;
  /** The column that it is needed on, where it need not be the whole table. */
  readonly column?: string;
  /** The late key that alone needs it; null where a pending migration, or reading the catalog, does. */
  readonly key: string | null;
}

/** Both servers ask for nothing but CREATE, ALTER or DROP for what the steps execute; INDEX is not needed (tried). */
function forStatements({ plan }: Facts): NeededPrivilege[] {
  return plan.statements
    .filter(({ migration }) => migration !== null)
    .flatMap(({ privilege, table }) =>
      privilege === null || table === null ? [] : [{ privilege, table, key: null }],
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
  const privileges = [
    ...(exists || pending.length > 0 ? ['SELECT'] : []),
    ...(pending.length > 0 ? ['CREATE', 'INSERT'] : []),
    ...(pending.length > 0 && exists && !isComplete ? ['ALTER'] : []),
    ...(reverting.length > 0 ? ['UPDATE'] : []),
  ];
  return privileges.map((privilege) => ({ privilege, table, key: null }));
}

/** In a cluster, the lock's lease: taken before the first statement, so by a late key as well. */
function forLock({ lockTable, pending, historyTable, keys }: Facts): NeededPrivilege[] {
  if (!lockTable.isNeeded) return [];
  const isPending = pending.length > 0 || historyTable.reverting.length > 0;
  const late = keys.filter((fact) => fact.late && fact.state.status === 'to-add');
  return (isPending ? [null] : late.map(({ key }) => key.name)).flatMap((key) =>
    [...(lockTable.exists ? [] : ['CREATE']), 'INSERT', 'SELECT', 'UPDATE'].map((privilege) => ({
      privilege,
      table: lockTable.name,
      key,
    })),
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
  const scans = [
    { privilege: 'SELECT', table, key },
    { privilege: 'SELECT', table: parent, column, key },
  ];
  if (state.status === 'present') return scans;
  // MySQL wants REFERENCES on the parent. MariaDB takes SELECT on the whole of it for that, and does not take
  // REFERENCES beside SELECT on a column (tried on 10.11 and 11.8).
  const reference = server.flavour === 'mysql' ? 'REFERENCES' : 'SELECT';
  return [...scans, { privilege: 'ALTER', table, key }, { privilege: reference, table: parent, key }];
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
  const need = (on: string, ...privileges: string[]): NeededPrivilege[] =>
    privileges.map((privilege) => ({ privilege, table: on, key: late ? key.name : null }));
  if (choice === 'null') return need(table, 'SELECT', 'UPDATE');
  if (choice === 'report') return [];
  return goingWith(plan.after, table)
    .filter((name) => live.has(name))
    .flatMap((name) => {
      const [newest] = quarantines.get(name) ?? [];
      return [
        ...need(name, 'SELECT', 'DELETE'),
        ...(newest === undefined
          ? need(quarantineName(words, name), 'CREATE', 'INSERT')
          : need(newest, 'INSERT')),
      ];
    });
}

/** Everything that the next migrate needs; SELECT on a table that the catalog hides for lack of it among it. Pure. */
function neededPrivileges(facts: Facts): NeededPrivilege[] {
  return [
    ...forHistory(facts),
    ...forLock(facts),
    ...forStatements(facts),
    ...forRows(facts),
    ...[...facts.hidden].map((table) => ({ privilege: 'SELECT', table, key: null })),
    ...facts.keys.flatMap((fact) => [...forKey(facts, fact), ...forOrphans(facts, fact)]),
  ];
}

/** The needed privileges that are not held. Pure. */
export function missingPrivileges(facts: Facts, holds: Holds): NeededPrivilege[] {
  return neededPrivileges(facts).filter(({ privilege, table, column }) => !holds(privilege, table, column));
}
