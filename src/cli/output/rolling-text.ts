import type { MigrationStatus } from '../../engine/migrate/results';
import { labelled } from './wrap';

/** The pending migrations that break programs of the previous release, by name. */
export function breakingOf(migrations: readonly MigrationStatus[]): Record<string, string> {
  return Object.fromEntries(
    migrations.flatMap(({ name, status, breaking }) =>
      status === 'pending' && typeof breaking === 'string' ? [[name, breaking]] : [],
    ),
  );
}

/** Said where nothing that is pending breaks anything. */
export const notBreaking = 'Programs of the previous release go on working before, during and after it.';

/**
 * What the pending migrations mean for programs of the previous release that run meanwhile; nothing where none is
 * pending.
 */
export function rollingText(pending: number, breaking: Readonly<Record<string, string>>): string[] {
  if (pending === 0) return [];
  const texts = Object.entries(breaking);
  if (texts.length === 0) return labelled('', notBreaking, 0);
  return texts.flatMap(([name, text]) => [...labelled('BREAKING: ', name, 0), ...labelled('', text)]);
}
