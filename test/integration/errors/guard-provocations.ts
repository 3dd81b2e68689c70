import { errorCodes, type ErrorCode } from '../../../src/errors';
import { installGuards, rollback } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { prepareSchema } from '../../support/prepare-schema';

type GuardCode = Extract<ErrorCode, 'GUARDS_INSTALLED' | 'GUARD_ROWS_IN_THE_WAY'>;

/** For each code, a call that fails because of guards, or because guards cannot be installed. */
export function guardProvocations(
  dataSource: () => ProtectionFlowsDataSource,
): Record<GuardCode, () => Promise<unknown>> {
  return {
    GUARDS_INSTALLED: async () => {
      await prepareSchema(dataSource());
      await installGuards(dataSource());
      return rollback(dataSource());
    },
    GUARD_ROWS_IN_THE_WAY: async () => {
      await prepareSchema(dataSource());
      await dataSource().query(
        "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type) VALUES ('f', 'f', 'replication', 'vm', 'v', 'ossea')",
      );
      await dataSource().query(
        "INSERT INTO protection_flow_executions (flow_id, status, execution_type) VALUES ('f', 'running', 'manual'), ('f', 'running', 'manual')",
      );
      const [found] = (await installGuards(dataSource())).findings;
      // A finding has the fields of an error report
      throw { consequence: errorCodes.GUARD_ROWS_IN_THE_WAY.consequence, ...found };
    },
  };
}
