import type { SchemaState } from '../engine/verify/check-schema';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { metrics, type Metrics, type MetricsOptions } from './metrics';
import type { FlowMetrics } from './read-flows';

/** The value of one series, null for none; or the values of several series, by the value of a label. */
type Value = number | boolean | Date | null | { readonly by: string; readonly values: Values };
type Values = Readonly<Record<string, number | boolean>>;
type Family<Of> = readonly [name: string, help: string, valueOf: (of: Of) => Value];

const by = (label: string, values: Values): Value => ({ by: label, values });
const states: readonly SchemaState[] = ['fits', 'absent', 'behind', 'ahead', 'differs'];
const stateOf = ({ schema: { state } }: Metrics): Values =>
  Object.fromEntries(states.map((one) => [one, state === one]));

const ofAll: readonly Family<Metrics>[] = [
  ['', 'Flows.', (all) => by('enabled', { true: all.enabledFlows, false: all.disabledFlows })],
  ['_shown', 'Flows that have series of their own.', (all) => all.flows.length],
  ['_due', 'Enabled flows with a due run that is neither claimed nor skipped.', (all) => all.dueFlows],
  ['_unplanned', 'Enabled flows with a schedule and without a next time.', (all) => all.unplannedFlows],
  ['_queued_runs', 'Runs that wait in the queue.', (all) => all.queuedRuns],
  ['_oldest_queued_timestamp_seconds', 'When the oldest queued run was queued.', (all) => all.oldestQueued],
  ['_running_runs', 'Runs under way.', (all) => all.runningRuns],
  ['_oldest_heartbeat_timestamp_seconds', 'Oldest heartbeat of running runs.', (all) => all.oldestHeartbeat],
  ['_schema_state', 'Whether the schema fits: 1 for the current state.', (all) => by('state', stateOf(all))],
  ['_deferred_keys', 'Foreign keys whose parent table is missing.', (all) => all.schema.deferredKeys.length],
];

const ofEach: readonly Family<FlowMetrics>[] = [
  ['_info', 'Name of the flow; always 1.', ({ name }) => by('name', { [name]: 1 })],
  ['_enabled', 'Whether schedulers run the flow.', ({ enabled }) => enabled],
  [
    '_last_status',
    'Status of the last run; always 1.',
    (of) => by('status', { [of.last_execution_status]: 1 }),
  ],
  ['_last_success_timestamp_seconds', 'When the newest successful run ended.', (of) => of.lastSuccess],
  ['_expected_interval_seconds', 'Longest time between the next runs.', (of) => of.expectedIntervalSeconds],
  ['_overdue_since_timestamp_seconds', 'Since when the flow is overdue.', (of) => of.overdueSince],
  [
    '_schedule_fault',
    'Why the schedule gives no times although it should; always 1.',
    ({ scheduleFault }) => by('reason', scheduleFault === null ? {} : { [scheduleFault]: 1 }),
  ],
  ['_skipped_runs_total', 'Due runs that did not take place.', (of) => by('reason', of.skips)],
  ['_runs_started_total', 'Runs that began.', (of) => of.total_executions],
  [
    '_runs_ended_total',
    'Runs that ended with success or error.',
    (of) => by('outcome', { success: of.successful_executions, error: of.failed_executions }),
  ],
];

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const labelOf = (name: string, value: string): string =>
  `${name}="${value.replaceAll(/[\\"\n]/g, (found) => escapes[found]!)}"`;

function linesOf(name: string, labels: readonly string[], value: Value): string {
  if (value === null) return '';
  if (typeof value === 'object' && 'by' in value)
    return Object.entries(value.values)
      .map(([one, number]) => linesOf(name, [...labels, labelOf(value.by, one)], number))
      .join('');
  const number = value instanceof Date ? value.getTime() / 1_000 : Number(value);
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${number}\n`;
}

/** Returns the metrics in Prometheus' text format. */
export function textOf(snapshot: Metrics): string {
  const head = (name: string, help: string): string =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n`;
  const flows = snapshot.flows.map((flow) => ({ flow, labels: [labelOf('flow_id', flow.id)] }));
  const all = ofAll.map(([end, help, valueOf]) => {
    const name = `sendense_flows${end}`;
    return head(name, help) + linesOf(name, [], valueOf(snapshot));
  });
  const each = ofEach.map(([end, help, valueOf]) => {
    const name = `sendense_flow${end}`;
    return head(name, help) + flows.map(({ flow, labels }) => linesOf(name, labels, valueOf(flow))).join('');
  });
  return [...all, ...each].join('');
}

/** The Content-Type of {@link prometheusText}. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Reads the metrics as {@link metrics} does, in Prometheus' text format, for `GET /metrics`. @throws as {@link metrics} */
export async function prometheusText(
  dataSource: ProtectionFlowsDataSource,
  options: MetricsOptions = {},
): Promise<string> {
  return textOf(await metrics(dataSource, options));
}
