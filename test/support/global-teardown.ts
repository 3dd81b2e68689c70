import { closePreparedSchemas } from './prepare-schema';

/** Stops what `global-setup.ts` started. */
export default async function globalTeardown(): Promise<void> {
  closePreparedSchemas();
  await globalThis.stopSharedServer?.();
}
