import type { Difference } from '../../schema/compare';
import { alterSql, indexSql } from '../../schema/ddl';
import { mendingSections, planMending } from '../../adopt/remedies';
import { quoteName } from '../../server/queryable';
import { note, remedyText, statement, type RemedyPart } from '../../steps/remedy';
import { declaredBy, type Step } from '../../steps/step';
import { named } from '../../schema/shape';
import type { Facts } from '../facts';
import { type Finding, type Rule } from '../finding';
import { obstacleRule } from '../key-findings';

type Refusal = Facts['plan']['refusals'][number];

const wrongKeys = obstacleRule('SCHEMA_HAND_MADE');

/** The table that a step works on, as it is declared to be right after that step, with the keys that it has now. */
function declaredAfter({ known, live }: Facts, step: Step) {
  const steps = known.flatMap((migration) => [...migration.steps]);
  const table = declaredBy(steps.slice(0, steps.indexOf(step) + 1)).get(step.tables[0] ?? '');
  return table && { ...table, foreignKeys: live.get(table.name)?.foreignKeys ?? [] };
}

function mendSteps(facts: Facts, refusal: Refusal): RemedyPart[] {
  const declared = declaredAfter(facts, refusal.step);
  if (declared === undefined) return [];
  const differences = (refusal.error.details.differences ?? []) as readonly Difference[];
  const [first] = differences;
  const index = first && named(declared.indexes, first.name);
  if (differences.length === 1 && first?.object === 'index' && first.actual !== null && index) {
    return [
      statement(alterSql(declared.name, `DROP INDEX ${quoteName(index.name)}`, `ADD ${indexSql(index)}`)),
    ];
  }
  const plan = planMending({
    declared: new Map([[declared.name, declared]]),
    live: facts.live,
    flavour: facts.server.flavour,
    behindViews: new Map(),
    orphans: new Map(),
  });
  return mendingSections.flatMap((section) => [...plan[section]]);
}

/** A column is already as a later migration makes it: the shape of an earlier one would cost the values added since. */
function isOfLaterMigration({ known }: Facts, { step, error }: Refusal): boolean {
  const last = declaredBy(known.flatMap((migration) => [...migration.steps])).get(step.tables[0] ?? '');
  const differences = (error.details.differences ?? []) as readonly Difference[];
  return differences.some(
    ({ object, property, name, actual }) =>
      object === 'column' && property === 'type' && named(last?.columns ?? [], name)?.type === actual,
  );
}

/** One finding a table, as a script for one of its objects may mend another too. */
function findingFor(facts: Facts, table: string, refusals: readonly Refusal[]): Finding {
  const byAdopt = refusals.some((refusal) => isOfLaterMigration(facts, refusal));
  const parts = byAdopt ? [] : refusals.flatMap((refusal) => mendSteps(facts, refusal));
  const texts = parts.map((part) => JSON.stringify(part));
  const once = parts.filter((_part, position) => texts.indexOf(texts[position] ?? '') === position);
  return {
    code: 'SCHEMA_HAND_MADE',
    effect: 'blocking',
    table,
    key: null,
    message: refusals.map(({ error }) => error.message).join('; '),
    remedy: remedyText([
      note('To list the differences: protection-flows adopt'),
      note('To end them, every row kept: protection-flows adopt --repair'),
      ...(once.length === 0
        ? []
        : [
            note(`Or by hand: this brings ${table} to the shape that the migration makes.`),
            note('Look at its rows first.'),
            ...once,
          ]),
    ]),
    details: { differences: refusals.flatMap(({ error }) => error.details.differences ?? []) },
  };
}

/** An object that a migration makes is there already, in another shape. */
export const schemaHandMade: Rule = (facts) => {
  const refusals = facts.plan.refusals.filter(
    ({ error, step }) => error.code === 'SCHEMA_HAND_MADE' && step.foreignKey === undefined,
  );
  const tables = [...new Set(refusals.map(({ step }) => step.tables[0] ?? ''))];
  return [
    ...tables.map((table) =>
      findingFor(
        facts,
        table,
        refusals.filter(({ step }) => step.tables[0] === table),
      ),
    ),
    ...wrongKeys(facts),
  ];
};
