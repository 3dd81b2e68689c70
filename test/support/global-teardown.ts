import { closePreparedSchemas } from './prepare-schema';

/** Stops the server that `global-setup.ts` started, and removes the prepared schemas. */
export default async function globalTeardown(): Promise<void> {
  closePreparedSchemas();
  await globalThis.stopSharedServer?.();
}
