import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FlowMetrics, Metrics } from '../../../src/metrics';
import { textOf } from '../../../src/metrics/prometheus-text';

interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'GAUGE' | 'COUNTER';
  readonly metrics: readonly { readonly value: string; readonly labels?: Readonly<Record<string, string>> }[];
}

// It has no types
const parse = jest.requireActual<(text: string) => ParsedFamily[]>('parse-prometheus-text-format');
const at = new Date('2026-01-02T03:04:05Z');
const seconds = at.getTime() / 1_000;
const nasty = [
  'a "quoted" \\ name\nof two lines',
  'C:\\new\\temp\\',
  '备份 {flow="x"} 1',
  '__proto__',
  ' # HELP',
];
const flow = (name: string): FlowMetrics => ({
  id: `id of ${name}`,
  name,
  flow_type: 'backup',
  enabled: true,
  last_execution_status: 'error',
  total_executions: 2_147_483_647,
  successful_executions: 7,
  failed_executions: 3,
  lastSuccess: at,
  expectedIntervalSeconds: 86_400,
  overdueSince: at,
  scheduleFault: 'never',
  skips: { missed: 11, 'still-running': 2 },
});
const full: Metrics = {
  at,
  flows: nasty.map(flow),
  enabledFlows: 9_000,
  disabledFlows: 1,
  dueFlows: 2,
  unplannedFlows: 3,
  queuedRuns: 4,
  oldestQueued: at,
  runningRuns: 5,
  oldestHeartbeat: at,
  schema: { state: 'behind', deferredKeys: ['fk_flows_policy'] },
};
const families = (snapshot: Metrics): ParsedFamily[] => parse(textOf(snapshot));
const valuesOf = (snapshot: Metrics, name: string): unknown =>
  families(snapshot)
    .find((family) => family.name === name)
    ?.metrics.map(({ value, labels = {} }) => [labels, Number(value)]);

// Without these, a name with a quote could break the scrape, and the document could list unknown metrics.
describe("Prometheus' text of the metrics", () => {
  it('is parsed back into the same metrics, whatever the names of the flows', () => {
    expect(valuesOf(full, 'sendense_flow_info')).toEqual(
      nasty.map((name) => [{ flow_id: `id of ${name}`, name }, 1]),
    );
    expect(valuesOf(full, 'sendense_flows')).toEqual([
      [{ enabled: 'true' }, 9_000],
      [{ enabled: 'false' }, 1],
    ]);
    expect(valuesOf(full, 'sendense_flows_oldest_heartbeat_timestamp_seconds')).toEqual([[{}, seconds]]);
    expect(valuesOf({ ...full, flows: [flow('one')] }, 'sendense_flow_runs_ended_total')).toEqual([
      [{ flow_id: 'id of one', outcome: 'success' }, 7],
      [{ flow_id: 'id of one', outcome: 'error' }, 3],
    ]);
    expect(valuesOf({ ...full, flows: [flow('one')] }, 'sendense_flow_skipped_runs_total')).toEqual([
      [{ flow_id: 'id of one', reason: 'missed' }, 11],
      [{ flow_id: 'id of one', reason: 'still-running' }, 2],
    ]);
    expect(valuesOf(full, 'sendense_flows_schema_state')).toEqual(
      ['fits', 'absent', 'behind', 'ahead', 'differs'].map((state) => [
        { state },
        Number(state === 'behind'),
      ]),
    );
  });

  it('has no series without values, but always the head of each metric', () => {
    const empty: Metrics = {
      ...full,
      flows: [
        {
          ...flow('new'),
          lastSuccess: null,
          expectedIntervalSeconds: null,
          overdueSince: null,
          scheduleFault: null,
          skips: {},
        },
      ],
      oldestQueued: null,
      oldestHeartbeat: null,
    };
    const text = textOf(empty);
    expect(text).not.toMatch(/null|NaN|undefined/);
    expect(text.match(/^sendense_\w+(?=[ {])/gm)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/oldest|last_success|interval|overdue|fault|skipped/)]),
    );
    const heads = (of: string): unknown => of.match(/^# .*$/gm);
    expect(heads(text)).toEqual(heads(textOf(full)));
    expect(text.endsWith('\n')).toBe(true);
  });

  it('follows the naming conventions of Prometheus', () => {
    for (const { name, type, help, metrics } of families(full)) {
      expect(name).toMatch(/^sendense_flows?(_[a-z]+)*$/);
      expect([name, type]).toEqual([name, name.endsWith('_total') ? 'COUNTER' : 'GAUGE']);
      expect([name, name.includes('timestamp')]).toEqual([name, name.endsWith('_timestamp_seconds')]);
      expect(help).toMatch(/^[A-Z].*[^ ]$/);
      for (const { labels = {} } of metrics)
        expect(Object.keys(labels).every((label) => /^[a-z_]+$/.test(label))).toBe(true);
    }
  });

  it('matches the table of the document: each metric, its labels, type, unit and meaning', () => {
    const document = readFileSync(resolve(__dirname, '../../../docs/metrics.md'), 'utf8');
    const rows = [
      ...document.matchAll(/^\| `(sendense_\w+)(?:\{(\w+)\})?` +\| (\w+) +\| (\S+) +\| (.*?) +\|$/gm),
    ];
    const told = families(full).map(({ name, type, help, metrics: [first] }) => ({
      name,
      label: Object.keys(first?.labels ?? {}).find((one) => one !== 'flow_id'),
      type: type.toLowerCase(),
      isSeconds: name.endsWith('_seconds'),
      meaning: help,
    }));
    expect(
      rows.map(([, name, label, type, unit, meaning = ''], at) => ({
        name,
        label,
        type,
        isSeconds: unit === 'seconds',
        // The document may say more
        meaning: meaning.slice(0, told[at]?.meaning.length),
      })),
    ).toEqual(told);
    const alerts = [...document.slice(document.indexOf('groups:')).matchAll(/sendense_flow\w+/g)].map(
      ([name]) => name,
    );
    expect(alerts.filter((name) => !told.some((one) => one.name === name))).toEqual([]);
    expect(alerts.length).toBeGreaterThan(8);
  });
});
