import type { Probes } from '../engine/subject/parts';

/** Facts about our tables that the declared schema lacks: the names of their rows, and which rows the CHECK refuses. */
export const probes: Probes = {
  tables: {
    protection_flows: {
      one: 'flow',
      many: 'flows',
      // A replication flow needs no repository, whose table may be missing
      row: { flow_type: 'replication', destination_type: 'ossea' },
    },
    protection_flow_executions: { one: 'execution', many: 'executions' },
    backup_repositories: { one: 'repository', many: 'repositories' },
  },
  checks: {
    chk_flows_type: {
      refused: {
        'a backup flow without a repository': { flow_type: 'backup', destination_type: null },
        'a backup flow with a destination only': { flow_type: 'backup' },
        'a replication flow without a destination': { destination_type: null },
      },
      accepted: { last_execution_status: 'cancelled' },
      repair: {
        title:
          'Gives flows without a repository or destination a placeholder, and disables them. Set the right value of each afterwards.',
        statements: [
          "UPDATE protection_flows SET repository_id = (SELECT MIN(id) FROM backup_repositories), enabled = 0, updated_at = updated_at WHERE flow_type = 'backup' AND repository_id IS NULL",
          "UPDATE protection_flows SET destination_type = 'ossea', enabled = 0, updated_at = updated_at WHERE flow_type = 'replication' AND destination_type IS NULL",
        ],
      },
    },
  },
};
