import { expectedText } from '../../schema/ddl';
import { named, type Index, type Table } from '../../schema/shape';
import { catalogReadingsOf, checkOf, remedyOf, type VerifyContext } from '../context';
import { behaviourCheck, notAsWanted } from '../behaviour-check';
import type { Probe } from '../../probe/probe';
import { inWords } from '../../subject/parts';
import { pass } from '../report';
import { differ, differencesIn } from './declared-objects';

/** ER_DUP_ENTRY. */
const duplicate = 1062;

/**
 * Tries to insert two rows that are equal for a unique index; texts in a collation that ignores case differ in case.
 * Returns the second row in words, and the errno of the refusal, or null.
 */
async function tryTwice(
  probe: Probe,
  { declared, live, probes }: VerifyContext,
  table: Table,
  index: Index,
): Promise<{ what: string; errno: number | null }> {
  const names = index.columns.map(({ name }) => name);
  const first = await probe.insert(table.name, { named: names });
  const isFolded = (name: string): boolean => {
    const column = named(table.columns, name);
    return /_ci$/.test((column && expectedText(declared, table, column, live)?.collation) ?? '');
  };
  const again = names.map((name): [string, string] => {
    const value = first[name] ?? 'NULL';
    return [name, isFolded(name) ? value.toUpperCase() : value];
  });
  const refusal = await probe.refusalOfRow(table.name, { given: Object.fromEntries(again) });
  const how = names.some(isFolded) ? ', in capitals,' : '';
  const what = `a second ${inWords(probes, table.name).one} of a ${names.join(' and ')}${how}`;
  return { what, errno: refusal?.errno ?? null };
}

/** Each unique index refuses a second row with the same values. */
const uniqueness = behaviourCheck('indexes', async (probe, context) => {
  const seen: string[] = [];
  for (const table of context.declared.values()) {
    for (const index of table.indexes.filter(({ unique }) => unique)) {
      const { what, errno } = await tryTwice(probe, context, table, index);
      if (errno === null) return notAsWanted(context, `${what} was let in`);
      if (errno !== duplicate)
        return notAsWanted(context, `${what} was refused by errno ${errno}, not by ${index.name}`);
      seen.push(`${what} is refused (errno ${duplicate})`);
    }
  }
  return pass(seen.join('; '));
});

/** Every index has its columns in order, with their direction, and is unique and in use as declared; unique ones refuse. */
export const indexesCheck = checkOf('tables', 'indexes', async (context) => {
  const evidence = catalogReadingsOf(context, 'STATISTICS');
  const differences = differencesIn(context, ['index']);
  if (differences.length > 0) return differ(differences, remedyOf(context, 'indexes'), evidence);
  const count = [...context.declared.values()].reduce((sum, table) => sum + table.indexes.length, 0);
  const shown = await uniqueness.run(context);
  const said = shown.status === 'skip' ? `the insert of a duplicate ${shown.summary}` : shown.summary;
  const summary = `${count} indexes as declared${said && `; ${said}`}`;
  return { ...shown, summary, evidence: [...evidence, ...shown.evidence] };
});
