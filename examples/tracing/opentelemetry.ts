import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import {
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type ContextManager,
  type Span,
} from '@opentelemetry/api';

const storage = new AsyncLocalStorage<Context>();

/**
 * Register it with the provider: `new NodeTracerProvider(…).register({ contextManager })`. Channels can be bound to its
 * storage, so that spans within a call are below the call's span, also those of other packages such as mysql2.
 */
export const contextManager: ContextManager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (context, work, self, ...given) => storage.run(context, () => work.call(self as never, ...given)),
  bind: (context, target) =>
    typeof target === 'function'
      ? (((...given: unknown[]) => storage.run(context, () => target(...given) as unknown)) as typeof target)
      : target,
  enable: () => contextManager,
  disable: () => {
    storage.disable();
    return contextManager;
  },
};

interface Told {
  readonly repository?: string;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: Error & { readonly code: string };
  readonly skipped?: readonly { readonly flowId: string; readonly reason: string }[];
}

/** The fields as attributes; unknown ones are left out. */
function attributesOf({ result: _result, error: _error, skipped, ...told }: Told): Attributes {
  const all = { ...told, skipped: skipped?.map(({ flowId, reason }) => `${flowId}: ${reason}`) };
  const known = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [`protection_flows.${name}`, value]));
}

/** Makes a span of each operation that `@sendense/protection-flows` publishes, below the active span. */
export function spanProtectionFlows(): void {
  const tracer = trace.getTracer('@sendense/protection-flows');
  const spans = new WeakMap<Told, Span>();
  for (const name of ['call', 'claim', 'transition', 'retry', 'step', 'lock-wait']) {
    const channel = tracingChannel<Context, Told>(`sendense:protection-flows:${name}`);
    channel.start.bindStore(storage, (told) => {
      const parent = contextManager.active();
      const title = told.method === undefined ? name : `${told.repository}.${told.method}`;
      const span = tracer.startSpan(`protection-flows ${title}`, {}, parent);
      spans.set(told, span);
      return trace.setSpan(parent, span);
    });
    channel.error.subscribe((message) => {
      const { error } = message as Told;
      const span = spans.get(message as Told);
      span?.setStatus({ code: SpanStatusCode.ERROR, message: error?.code });
    });
    channel.asyncEnd.subscribe((message) => {
      const span = spans.get(message as Told);
      span?.setAttributes(attributesOf(message as Told)).end();
    });
  }
}
