import { middle, ms, whole } from '../support/figures';
import { markdownTable } from '../support/markdown-table';
import { flowCount } from '../support/rows';
import type { Spread } from '../support/statistics';
import type { ClaimsRatio } from './claims';
import type { DeletionResult, DeletionResults } from './deletion';
import type { GuardCost } from './guard-costs';
import type { HistoryResult } from './history';
import type { OperationResult } from './hot-operations';
import type { LatestResult } from './latest';
import type { PageRead } from './page-reads';
import type { RecountCost } from './recount';
import type { TracingCost } from './tracing';
import {
  deletionVerdicts,
  guardVerdicts,
  historyVerdicts,
  latestVerdicts,
  claimVerdicts,
  idleVerdict,
  operationVerdicts,
  pageVerdicts,
  recountVerdicts,
  tracingVerdicts,
} from './verdicts';

/** The ratio of two medians. */
export const ratio = (one: Spread, other: Spread | undefined): string =>
  other === undefined ? '' : (one.median / other.median).toFixed(2);

/** A part of the report. */
export const section = (title: string, table: string, verdicts: readonly string[]): string =>
  [`### ${title}`, '', table, '', ...verdicts.map((text) => `- ${text}`)].join('\n').trimEnd();

/** Explains the figures. */
export function explanation(): string {
  return [
    `The data layer beside mysql2 alone and beside plain TypeORM, on executions of ${whole(flowCount)} flows. Node ${process.version};`,
    'contestants in turns, each round in another order; medians in ms, with the middle half. One client, one call at a time.',
    'Floor: mysql2 sends the same statements (checked at the start) with parameters, in sessions of the same kind, and does',
    'nothing else. TypeORM: find with relations, skip and take, save(); "in one": a run and its flow saved in one transaction.',
    'Deletion: the control is as long as our deletion, at most a minute; "in a stretch" is the longest statement in a period',
    'as long as the control (median). "At work" is the processor time of server and client: about the duration on a machine',
    'without other work.',
    'Durable writes: innodb_flush_log_at_trx_commit = 1, doublewrite on.',
  ].join('\n');
}

/** The hot operations. */
export function operationsReport(server: string, rows: number, results: readonly OperationResult[]): string {
  const table = markdownTable(
    [
      '',
      'ours',
      'middle half',
      'floor',
      'middle half',
      'of floor',
      'TypeORM',
      'middle half',
      'ours faster',
      'in one',
    ],
    results.map(({ name, times: { ours, floor, typeorm, tx } }) => [
      name,
      ms(ours!.median),
      middle(ours!),
      ms(floor!.median),
      middle(floor!),
      ratio(ours!, floor),
      ms(typeorm!.median),
      middle(typeorm!),
      ratio(typeorm!, ours),
      tx === undefined ? '' : `${ms(tx.median)} (${ratio(tx, ours)})`,
    ]),
  );
  return section(
    `${server}, ${whole(rows)} executions: hot operations`,
    table,
    results.flatMap(operationVerdicts),
  );
}

/** latest() and other ways to the same result. */
export function latestReport(server: string, result: LatestResult): string {
  const { ours, chosen, oneByOne, pooled, forms } = result;
  const others = [...forms].sort((one, other) => one.times.median - other.times.median);
  const row = (name: string, times: Spread): string[] => [
    name,
    ms(times.median),
    middle(times),
    ratio(times, ours),
  ];
  const table = markdownTable(
    ['', 'median', 'middle half', 'of ours'],
    [
      row('ours: latest()', ours),
      row('its statement, mysql2 alone', chosen),
      ...others.map(({ name, times }) => row(name, times)),
      row('500 questions on a pool of 10', pooled),
      row('500 questions one after the other', oneByOne),
    ],
  );
  return section(`${server}: newest runs of 500 flows`, table, latestVerdicts(result));
}

/** The reads that the web page repeats. */
export function pageReport(server: string, rows: number, reads: readonly PageRead[]): string {
  const table = markdownTable(
    [
      '',
      'ours',
      'middle half',
      'at work',
      'middle half',
      'its statement, mysql2 alone',
      'middle half',
      'of floor',
      'runs by',
    ],
    reads.map(({ name, ours, work, floor, index }) => [
      name,
      ms(ours.median),
      middle(ours),
      ms(work.median),
      middle(work),
      ms(floor.median),
      middle(floor),
      ratio(ours, floor),
      index,
    ]),
  );
  return section(`${server}, ${whole(rows)} executions: what the page polls`, table, pageVerdicts(reads));
}

/** The cost of guards for a run. */
export function guardsReport(server: string, rows: number, costs: readonly GuardCost[]): string {
  const table = markdownTable(
    [
      '',
      'ours',
      'middle half',
      'with guards',
      'middle half',
      'times',
      'mysql2 alone',
      'with guards',
      'times',
    ],
    costs.map(({ name, times: { ours, guarded, floor, floorGuarded } }) => [
      name,
      ms(ours.median),
      middle(ours),
      ms(guarded.median),
      middle(guarded),
      ratio(guarded, ours),
      ms(floor.median),
      ms(floorGuarded.median),
      ratio(floorGuarded, floor),
    ]),
  );
  return section(`${server}, ${whole(rows)} executions: what guards cost`, table, guardVerdicts(costs));
}

/** A recount of all flows. */
export function recountReport(server: string, rows: number, cost: RecountCost): string {
  const row = (name: string, times: Spread): string[] => [name, ms(times.median), middle(times)];
  const table = markdownTable(
    ['', 'median', 'middle half'],
    [
      row(`ours: recount(), all ${cost.flows} flows are wrong`, cost.mended),
      row('of which server and client are at work', cost.work),
      row('ours: recount(), all are right', cost.right),
      row("mysql2 alone: counts, and writes each flow's number", cost.floor),
    ],
  );
  const title = `${server}: recount of ${cost.flows} flows with ${whole(rows)} executions`;
  return section(title, table, recountVerdicts(cost));
}

/** The cost of tracing. */
export function tracingReport(server: string, costs: readonly TracingCost[]): string {
  const table = markdownTable(
    ['', 'without tracing', 'again', 'no subscriber', 'a subscriber on every channel'],
    costs.map(({ name, withoutMs, times: { control, silent, told } }) => [
      name,
      `${ms(withoutMs)} ms`,
      ...[control, silent, told].map((times) => times.toFixed(3)),
    ]),
  );
  return section(
    `${server}: what tracing costs of the time that server and client are at work, in times`,
    table,
    costs.flatMap(tracingVerdicts),
  );
}

/** The pages of a long history. */
export function historyReport(server: string, what: string, rows: number, result: HistoryResult): string {
  const { pages, offset, typeorm } = result;
  const first = pages[0]!.times;
  const last = pages.at(-1)!.page;
  const row = (name: string, times: Spread, entries: string, plan: string): string[] => [
    name,
    ms(times.median),
    middle(times),
    ratio(times, first),
    entries,
    plan,
  ];
  const table = markdownTable(
    ['', 'median', 'middle half', 'of page 1', 'entries read', 'plan'],
    [
      ...pages.map(({ page, times, entries, plan }) =>
        row(`page ${whole(page)}`, times, whole(entries), plan),
      ),
      row(`OFFSET, page ${whole(last)}`, offset, '', ''),
      row(`TypeORM's skip and take, page ${whole(last)}`, typeorm, '', ''),
    ],
  );
  return section(
    `${server}: a history of ${whole(rows)} runs, ${what}, pages of 50`,
    table,
    historyVerdicts(what, result),
  );
}

/** How fast workers claim. */
export function claimsReport(
  server: string,
  results: readonly ClaimsRatio[],
  idle: Record<'ours' | 'select', Spread>,
): string {
  const table = markdownTable(
    [
      'workers',
      'flows a claim',
      'flows due',
      'claims a second',
      'mysql2 alone',
      'of it',
      'fewest of a worker',
    ],
    results.map(({ workers, limit, flows, perSecond, floor, least }) => [
      ...[workers, limit, flows, perSecond, floor].map((value) => whole(value)),
      (perSecond / floor).toFixed(2),
      whole(least),
    ]),
  );
  return section(`${server}: claimDue by several processes, each flow claimed once`, table, [
    ...claimVerdicts(results),
    idleVerdict(idle),
  ]);
}

/** The deletion of a flow with a long history. */
export function deletionReport(server: string, rows: number, results: DeletionResults): string {
  const { ours, plain, control } = results;
  const row = (name: string, result: DeletionResult): string[] => [
    name,
    ms(result.stallMs),
    ms(result.typicalStallMs),
    ms(result.controlStallMs),
    ms(result.readerStallMs),
    (result.totalMs / 1000).toFixed(1),
    whole(result.writesPerSecond),
    String(result.errors),
  ];
  const table = markdownTable(
    [
      '',
      'writer stall',
      'in a stretch',
      'control, same length',
      'reader stall',
      'total, s',
      'writes/s',
      'errors',
    ],
    [
      row('ours: delete()', ours),
      row('plain DELETE, cascading', plain),
      [
        'control: none',
        ms(control.stallMs),
        '',
        '',
        '',
        control.seconds.toFixed(1),
        whole(control.writesPerSecond),
        '',
      ],
    ],
  );
  return section(
    `${server}: deletion of a flow with ${whole(rows)} executions`,
    table,
    deletionVerdicts(results),
  );
}
