import { channelNamed, traced } from '../../tracing';

const waits = channelNamed('lock-wait');

/** Told whom a lock is waited for: in words, and by the ids of their connections, as far as they are known. */
export type WaitListener = (holder: string, connectionIds?: readonly number[]) => void;

/** Does what may have to wait, and tells the channel of the wait: from the first that is heard of it to the end. */
export function traceWait<Result>(
  on: 'table' | 'migrate',
  listener: WaitListener | undefined,
  work: (onWait: WaitListener) => Promise<Result>,
): Promise<Result> {
  const context = { on, connectionIds: [] as readonly number[] };
  let isTold = false;
  const running: Promise<Result> = work((holder, connectionIds = []) => {
    listener?.(holder, connectionIds);
    context.connectionIds = connectionIds;
    if (!isTold) traced(waits, context, () => running).catch(() => undefined);
    isTold = true;
  });
  return running;
}
