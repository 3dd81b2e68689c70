import { setTimeout as delay } from 'node:timers/promises';
import { count, declareArguments, name, optional, options as optionsOf } from '../arguments';
import { isProtectionFlowsError } from '../errors';
import { checkSchema } from '../engine/verify/check-schema';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';

/** The result of a health check under its key, in the form of `@nestjs/terminus`. */
export interface ProtectionFlowsHealthState {
  readonly status: 'up' | 'down';
  /** Why the service is down: the code of an error, such as CONNECTION_REFUSED or SCHEMA_UNFIT. */
  readonly code?: string;
  /** Whether the program fits the schema, if it could be read: `fits`, or why not. */
  readonly schema?: string;
}

/** Options of {@link ProtectionFlowsHealth.check}. */
export interface ProtectionFlowsHealthOptions {
  /** The time limit for the database's answer, in milliseconds, at most an hour. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
}

const readCheck = declareArguments('ProtectionFlowsHealth.check', {
  key: name,
  options: optionsOf({ timeoutMs: optional(count({ min: 1, max: 3_600_000 }), 5_000) }),
});

/** A health indicator, with or without `@nestjs/terminus`: whether the database answers and the program fits its schema. */
export class ProtectionFlowsHealth {
  constructor(private readonly dataSource: ProtectionFlowsDataSource) {}

  /**
   * Returns `{ [key]: { status: 'up', … } }`, or `down` with the reason's code. The result has no messages, which may name
   * hosts and accounts: a health check is public.
   *
   * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments. Nothing else is thrown
   */
  async check<const Key extends string = 'protection_flows'>(
    key: Key = 'protection_flows' as Key,
    options: ProtectionFlowsHealthOptions = {},
  ): Promise<Record<Key, ProtectionFlowsHealthState>> {
    const { timeoutMs } = readCheck({ key, options }).options;
    const answered = new AbortController();
    const late = delay(timeoutMs, { status: 'down', code: 'CONNECTION_TIMEOUT' } as const, answered);
    const state = await Promise.race([this.readState(), late]).finally(() => answered.abort());
    return { [key]: state } as Record<Key, ProtectionFlowsHealthState>;
  }

  private async readState(): Promise<ProtectionFlowsHealthState> {
    try {
      const { ok, state: schema } = await checkSchema(this.dataSource);
      return ok ? { status: 'up', schema } : { status: 'down', code: 'SCHEMA_UNFIT', schema };
    } catch (error) {
      return { status: 'down', code: isProtectionFlowsError(error) ? error.code : 'INTERNAL' };
    }
  }
}
