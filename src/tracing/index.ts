import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

type Channel = TracingChannel<unknown, object>;

/** Makes the channel `sendense:protection-flows:<name>`. What each tells, docs/tracing.md says. */
export const channelNamed = (name: string): Channel => tracingChannel(`sendense:protection-flows:${name}`);

/**
 * Does the work, and tells the channel when it begins and has ended; without a subscriber, the work alone. What it answers is
 * told to its caller alone; of an error, the channel is told the code: its sentences may name values.
 *
 * @param context what is told: ids, counts and words of ours, no other values of rows
 * @param complete what is told besides at the end
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
