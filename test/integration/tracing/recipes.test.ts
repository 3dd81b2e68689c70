import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { pino } from 'pino';
import { contextManager, spanProtectionFlows } from '../../../examples/tracing/opentelemetry';
import { logProtectionFlows } from '../../../examples/tracing/pino';
import { useDataLayer } from '../repositories/data-layer';

const layer = useDataLayer();
const exporter = new InMemorySpanExporter();
const lines: Record<string, unknown>[] = [];

beforeAll(() => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register({
    contextManager,
  });
  spanProtectionFlows();
  logProtectionFlows(
    pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[0]) }),
  );
});
beforeEach(() => {
  exporter.reset();
  lines.length = 0;
});
afterAll(() => {
  trace.disable();
  context.disable();
});

/** A request in which a run begins, fails to begin again, and ends. */
async function request(): Promise<{ flow: string; run: string }> {
  const { executions, flows } = layer.repositories;
  const { id: flow } = await flows.create(layer.newFlow());
  const start = () => executions.start({ flow_id: flow, execution_type: 'api' });
  return trace.getTracer('test').startActiveSpan('request', async (span) => {
    const [one, two] = await Promise.allSettled([start(), executions.get('none')]);
    expect(two.status).toBe('rejected');
    const { id: run } = (one as PromiseFulfilledResult<{ id: string }>).value;
    await executions.finish(run, { status: 'success' });
    span.end();
    return { flow, run };
  });
}

// Guards that the recipes in the documents work with today's releases of the packages.
it('the recipe for OpenTelemetry makes a span for each call below the active span, with ids as attributes', async () => {
  const { run } = await request();
  const spans = exporter.getFinishedSpans();
  const nameOf = (id: string | undefined) => spans.find((one) => one.spanContext().spanId === id)?.name;
  const tree = spans.map(({ name, parentSpanContext, status, attributes }) => ({
    name,
    below: nameOf(parentSpanContext?.spanId),
    error: status.message,
    ids: attributes['protection_flows.executionIds'] ?? attributes['protection_flows.id'],
  }));
  const [start, get, finish] = ['start', 'get', 'finish'].map((it) => `protection-flows executions.${it}`);
  const transition = 'protection-flows transition';
  expect(tree).toEqual(
    expect.arrayContaining([
      { name: start, below: 'request' },
      { name: transition, below: start, ids: [run] },
      { name: get, below: 'request', error: 'EXECUTION_NOT_FOUND', ids: 'none' },
      { name: finish, below: 'request', ids: run },
      { name: transition, below: finish, ids: [run] },
      { name: 'protection-flows flows.create' },
      { name: 'request' },
    ]),
  );
  expect(tree).toHaveLength(7);
});

it('the recipe for pino logs a line for each call with its milliseconds, and a failed call as an error', async () => {
  const { run } = await request();
  const [info, debug, error] = [30, 20, 50];
  expect(lines).toEqual(
    expect.arrayContaining(
      [
        { level: debug, channel: 'call', repository: 'executions', method: 'finish', id: run },
        { level: info, channel: 'transition', to: 'running', executionIds: [run], changed: true },
        { level: info, channel: 'transition', to: 'success', executionIds: [run], changed: true },
        { level: error, method: 'get', err: expect.objectContaining({ code: 'EXECUTION_NOT_FOUND' }) },
      ].map((line) => expect.objectContaining({ ...line, ms: expect.any(Number) })),
    ),
  );
});
