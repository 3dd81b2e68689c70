import { middle, ms, whole } from '../support/figures';
import { markdownTable } from '../support/markdown-table';
import { flowCount } from '../support/rows';
import { aftermathMs, controlMs, type Round } from './measure';
import type { Result } from './summary';
import { verdicts } from './verdict';

const labels: readonly (readonly [keyof Round, string])[] = [
  ['ours', 'ours: migrate()'],
  ['floor', 'floor: the DDL alone, unchecked, no scan'],
  ['plain', 'plain ALTER'],
  ['copy', 'pt-online-schema-change'],
  ['control', 'control: no DDL'],
];

/** Explains the figures. */
export function explanation(): string {
  return [
    `Adding fk_executions_flow to a table of executions of ${whole(flowCount)} flows, while 4 writers and a reader work, each a`,
    `process of its own. Node ${process.version}; every other round in reverse; medians in ms.`,
    'Writer stall: the longest statement of any writer that was under way between the start of a run and',
    `${aftermathMs} ms after its end. Control: the same load without DDL, as long as the plain ALTER of its round, but at least`,
    `${controlMs.least / 1000} and at most ${controlMs.most / 1000} s; "control, same length" is the longest statement in a period of it as long as the`,
    "contestant's window (median). Durable writes: innodb_flush_log_at_trx_commit = 1, doublewrite on.",
  ].join('\n');
}

/** The contestants on one server at one size, and the goals. */
export function comparison(result: Result): string {
  const table = markdownTable(
    [
      '',
      'writer stall',
      'middle half',
      'control, same length',
      'above it',
      'reader stall',
      'total',
      'middle half',
      'errors',
    ],
    labels.flatMap(([name, label]) => {
      const summary = result.summaries[name];
      if (summary === undefined) return [];
      const { stall, controlStall, readerStall, total, errors } = summary;
      const cells = [
        label,
        ms(stall.median),
        middle(stall),
        name === 'control' ? '' : ms(controlStall.median),
        name === 'control' ? '' : ms(stall.median - controlStall.median),
        ms(readerStall.median),
        ms(total.median),
        middle(total),
        String(errors),
      ];
      return [cells];
    }),
  );
  const judged = verdicts(result).map((text) => `- ${text}`);
  return [
    `### ${result.server}, ${whole(result.rows)} executions, ${result.rounds} rounds`,
    '',
    table,
    '',
    ...judged,
  ].join('\n');
}

/** How the figures grow with the table. */
export function growth(results: readonly Result[]): string {
  const table = markdownTable(
    [
      'server',
      'rows',
      'our stall',
      'control',
      'our total',
      'of it the key',
      "floor's stall",
      "floor's total",
      'plain stall',
      'plain total',
    ],
    results.map(({ server, rows, summaries: { ours, floor, plain } }) => [
      server,
      whole(rows),
      ms(ours.stall.median),
      ms(ours.controlStall.median),
      ms(ours.total.median),
      ours.key === null ? '' : ms(ours.key.median),
      ms(floor.stall.median),
      ms(floor.total.median),
      ms(plain.stall.median),
      ms(plain.total.median),
    ]),
  );
  return ['### Growth, ms', '', table].join('\n');
}
