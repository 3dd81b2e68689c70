import { middle, ms, whole } from '../support/figures';
import { markdownTable } from '../support/markdown-table';
import type { Spread } from '../support/statistics';
import type { MetricsCost } from './metrics';
import { ratio, section } from './report';
import { metricsVerdicts } from './verdicts';

/** The cost of a scrape, and how much it slows claims down. */
export function metricsReport(server: string, rows: number, cost: MetricsCost): string {
  const reads = markdownTable(
    [
      'flows with series of their own',
      'ours',
      'middle half',
      'same SQL, mysql2 alone',
      'middle half',
      'of it',
    ],
    cost.reads.map(({ flows, ours, raw }) => [
      whole(flows),
      ms(ours.median),
      middle(ours),
      ms(raw.median),
      middle(raw),
      ratio(ours, raw),
    ]),
  );
  const row = (name: string, { median, low, high }: Spread): string[] => [
    name,
    ...[median, low, high].map((value) => whole(value)),
  ];
  const claims = markdownTable(
    ['four processes claim 20 at a time', 'median', 'low', 'high'],
    [
      row('claims a second', cost.alone),
      row('beside a scrape every second', cost.scraped),
      row('milliseconds of such a scrape', cost.scrapes),
    ],
  );
  const title = `${server}, ${whole(rows)} executions: metrics as text`;
  return section(title, `${reads}\n\n${claims}`, metricsVerdicts(cost));
}
