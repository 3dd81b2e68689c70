import { tracingChannel } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { packageFolder } from '../../support/run-program';

/** What a channel was told: its name's last part, the fields as they were at the end, and the error's if it failed. */
export interface Told {
  readonly channel: string;
  readonly fields: Record<string, unknown>;
  readonly error?: Error & { readonly code?: string };
}

/** The channels of docs/tracing.md's table, with the names of their fields. */
export const documented: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...readFileSync(resolve(packageFolder, 'docs/tracing.md'), 'utf8').matchAll(
      /^\| `sendense:protection-flows:([a-z-]+)`\s*\|[^|]*\|([^|]*)\|$/gm,
    ),
  ].map(([, name = '', fields = '']) => [name, [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field!)]),
);

/** Subscribes to every documented channel; answers what was told since, and takes the subscriptions away. */
export function listen(): { readonly told: Told[]; stop(): void } {
  const told: Told[] = [];
  const stops = [...documented.keys()].map((name) => {
    const { asyncEnd } = tracingChannel(`sendense:protection-flows:${name}`);
    const keep = (message: unknown): void => {
      const { error, result: _result, ...fields } = message as Omit<Told, 'fields'> & { result: unknown };
      told.push({ channel: name, fields, ...(error === undefined ? {} : { error }) });
    };
    asyncEnd.subscribe(keep);
    return () => asyncEnd.unsubscribe(keep);
  });
  return { told, stop: () => stops.forEach((stop) => stop()) };
}
