import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

type Channel = TracingChannel<unknown, object>;

/** Makes the channel `sendense:protection-flows:<name>`. docs/tracing.md lists what each channel publishes. */
export const channelNamed = (name: string): Channel => tracingChannel(`sendense:protection-flows:${name}`);

/**
 * Does the work and publishes its start and end on the channel; without a subscriber it only does the work. Only the
 * caller gets the result. The channel gets no error messages, which may name values, but the error's code.
 *
 * @param context what to publish: ids, counts and words of this package, no other values of rows
 * @param complete what to add to the context at the end
 */
export function traced<Result>(
  channel: Channel,
  context: object,
  work: () => Promise<Result>,
  complete?: (result: Result) => object,
): Promise<Result> {
  if (!channel.hasSubscribers) return work();
  let outcome: Promise<Result>;
  const told = async (): Promise<void> => {
    outcome = (async () => work())();
    const fail = ({ name, code = name }: { readonly name: string; readonly code?: string }): Promise<never> =>
      Promise.reject(Object.assign(new Error(code), { name, code }));
    await outcome.then((result) => void Object.assign(context, complete?.(result)), fail);
  };
  const answer = (): Promise<Result> => outcome;
  return channel.tracePromise(told, context).then(answer, answer);
}
