import { createServer } from 'node:net';

/** Runs `work` with a port of 127.0.0.1 that accepts connections and never sends anything. */
export async function withSilentServer<Result>(work: (port: number) => Promise<Result>): Promise<Result> {
  const listener = createServer(() => undefined);
  await new Promise<void>((settle) => listener.listen(0, '127.0.0.1', settle));
  try {
    return await work((listener.address() as { port: number }).port);
  } finally {
    await new Promise((settle) => listener.close(settle));
  }
}
