import { choice, count, flag, optional } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import type { Words } from '../server/names';
import type { Wishes } from '../preflight';
import { orphanChoices, type OrphanChoice } from '../orphans/context';

/** Options for changes of rows, and for changes that block writers. */
export interface WishOptions {
  /**
   * What to do about rows whose parent does not exist: `report` them and refuse the key, set the reference to `null`, or move
   * them to tables of their own (`quarantine`). Default: `report`.
   */
  readonly orphans?: OrphanChoice | undefined;
  /** True where a table of any size may be copied while its writers wait, if the server needs a copy. */
  readonly allowBlocking?: boolean | undefined;
  /** The most rows of a table that may be copied. Default: the subject's variable `…_COPY_LIMIT_ROWS`, or 100,000. */
  readonly copyLimitRows?: number | undefined;
}

/** The readers of those options. */
export const wishReaders = {
  orphans: optional(choice(orphanChoices)),
  allowBlocking: optional(flag),
  copyLimitRows: optional(count({ min: 0, max: Number.MAX_SAFE_INTEGER })),
};

const builtIn = 100_000;

/**
 * The most rows of a table that may be copied, where the server needs a copy: the subject's variable `…_COPY_LIMIT_ROWS`, or
 * 100,000.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID where the variable holds no whole number
 */
export function defaultCopyLimitRows({ environment }: Words): number {
  const variable = `${environment}_COPY_LIMIT_ROWS`;
  const text = process.env[variable] ?? '';
  if (text === '') return builtIn;
  const rows = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(rows)) return rows;
  throw new ProtectionFlowsError('CONFIG_INVALID', {
    message: `${variable} is '${text}', not a number of rows`,
    remedy: `Set ${variable} to a whole number such as ${builtIn}, or unset it.`,
    details: { variable, value: text },
  });
}

/** Whether rows may be deleted by default: true where the subject's variable `…_DISCARD_ROWS` is 1. */
export const defaultDiscardRows = ({ environment }: Words): boolean =>
  process.env[`${environment}_DISCARD_ROWS`] === '1';

/** The options with their defaults filled in. */
export function wishesOf(words: Words, { orphans, allowBlocking, copyLimitRows }: WishOptions): Wishes {
  return {
    orphans: orphans ?? 'report',
    copyLimitRows: allowBlocking === true ? Infinity : (copyLimitRows ?? defaultCopyLimitRows(words)),
  };
}
