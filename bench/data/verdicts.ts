import { ms, whole } from '../support/figures';
import { verdict } from '../support/verdict';
import type { Spread } from '../support/statistics';
import type { ClaimsRatio } from './claims';
import type { DeletionResults } from './deletion';
import type { GuardCost } from './guard-costs';
import type { HistoryResult } from './history';
import type { MetricsCost } from './metrics';
import type { PageRead } from './page-reads';
import type { RecountCost } from './recount';
import type { TracingCost } from './tracing';
import type { OperationResult } from './hot-operations';
import type { LatestResult } from './latest';

const goals = {
  latest: 12,
  pageOfFirst: 1.2,
  formOfBest: 1.1,
  guards: 1.2,
  scraped: 0.95,
  stallAboveControlMs: 20,
  claimsOfFloor: 0.9,
  claimsPerSecond: 3_000,
  idleOfSelect: 1.5,
  silent: 1.01,
  told: 1.05,
};

const times = (value: number): string => `${value.toFixed(2)} times`;

function atMost(what: string, value: number, goal: number): string {
  return verdict(
    value <= goal,
    `${what} ${times(value)} (goal: at most ${goal})`,
    `${(value - goal).toFixed(2)}`,
  );
}

function atLeast(what: string, value: number, goal: number): string {
  return verdict(
    value >= goal,
    `${what} ${times(value)} (goal: at least ${goal})`,
    `${(goal - value).toFixed(2)}`,
  );
}

/** Compares an operation's medians with its goals. */
export function operationVerdicts({
  name,
  goals: { ofFloor, ofTypeOrm },
  times: { ours, floor, typeorm },
}: OperationResult): string[] {
  const verdicts: string[] = [];
  if (ours === undefined) return verdicts;
  if (ofFloor !== undefined && floor) {
    verdicts.push(atMost(`${name} takes as long as the floor`, ours.median / floor.median, ofFloor));
  }
  if (ofTypeOrm !== undefined && typeorm) {
    verdicts.push(atLeast(`${name} is faster than plain TypeORM`, typeorm.median / ours.median, ofTypeOrm));
  }
  return verdicts;
}

/** Compares latest() with one statement for each flow, and its statement with the others. */
export function latestVerdicts({ ours, chosen, oneByOne, forms }: LatestResult): string[] {
  const best = forms.reduce((fastest, form) => (form.times.median < fastest.times.median ? form : fastest));
  return [
    atLeast(
      'latest() of 500 flows is faster than 500 questions',
      oneByOne.median / ours.median,
      goals.latest,
    ),
    atMost(
      `its statement takes as long as the fastest of ${forms.length}, "${best.name}",`,
      chosen.median / best.times.median,
      goals.formOfBest,
    ),
  ];
}

const pageMs = 50;

/** Compares the page's reads with the time that they may take. */
export function pageVerdicts(reads: readonly PageRead[]): string[] {
  return reads.map(({ name, ours: { median }, work }) =>
    verdict(
      median <= pageMs,
      `${name}: ${ms(median)} ms, of which ${ms(work.median)} at work (goal: at most ${pageMs})`,
      `${ms(median - pageMs)} ms`,
    ),
  );
}

/** Compares a run on guarded tables with one on tables without guards. */
export function guardVerdicts([run]: readonly GuardCost[]): string[] {
  if (run === undefined) return [];
  const { ours, guarded } = run.times;
  return [atMost(`with guards, ${run.name} take`, guarded.median / ours.median, goals.guards)];
}

const recountMs = 5_000;

/** Compares a recount of wrong flows with the time that it may take. */
export function recountVerdicts({ mended: { median } }: RecountCost): string[] {
  return [
    verdict(
      median <= recountMs,
      `recount of flows that are all wrong: ${ms(median)} ms (goal: at most ${whole(recountMs)})`,
      `${ms(median - recountMs)} ms`,
    ),
  ];
}

/** Compares claims with those of mysql2 alone, and with the rate that four workers have to reach. */
export function claimVerdicts(results: readonly ClaimsRatio[]): string[] {
  return results.flatMap(({ workers, limit, perSecond, floor }) => {
    const what = `${workers} workers, ${limit} at a time: claims are`;
    const share = atLeast(`${what} of those of mysql2 alone`, perSecond / floor, goals.claimsOfFloor);
    if (workers !== 4 || limit !== 50) return [share];
    const rate = verdict(
      perSecond >= goals.claimsPerSecond,
      `${what} ${whole(perSecond)} a second (goal: at least ${whole(goals.claimsPerSecond)})`,
      whole(goals.claimsPerSecond - perSecond),
    );
    return [share, rate];
  });
}

/** Compares a poll that finds nothing with reading a row by its key. */
export const idleVerdict = ({ ours, select }: Record<'ours' | 'select', Spread>): string =>
  atMost(
    `a poll that finds nothing (${ms(ours.median)} ms) takes one SELECT (${ms(select.median)} ms)`,
    ours.median / select.median,
    goals.idleOfSelect,
  );

/** Compares calls with those of the package without tracing. */
export function tracingVerdicts({ name, times: { silent, told } }: TracingCost): string[] {
  return [
    atMost(`${name}: without a subscriber`, silent, goals.silent),
    atMost(`${name}: with one on every channel`, told, goals.told),
  ];
}

/** Compares claims with a scrape every second with those without. */
export function metricsVerdicts({ alone, scraped }: MetricsCost): string[] {
  return [atLeast('claims beside a scrape every second', scraped.median / alone.median, goals.scraped)];
}

/** Compares the last page with the first. */
export function historyVerdicts(what: string, { pages }: HistoryResult): string[] {
  const [first] = pages;
  return pages
    .slice(1)
    .map(({ page, times: { median } }) =>
      atMost(
        `${what}: page ${page} takes as long as page 1`,
        median / (first?.times.median ?? NaN),
        goals.pageOfFirst,
      ),
    );
}

/** Compares the longest stall of this package's deletion with the control. */
export function deletionVerdicts({ ours }: DeletionResults): string[] {
  const above = ours.typicalStallMs - ours.controlStallMs;
  return [
    verdict(
      above <= goals.stallAboveControlMs,
      `delete(): longest writer stall ${ms(above)} ms above the control of the same length (goal: at most ${goals.stallAboveControlMs})`,
      `${ms(above - goals.stallAboveControlMs)} ms`,
    ),
  ];
}
