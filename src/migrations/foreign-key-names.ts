/**
 * The names of the declared foreign keys, for the command line, which judges a name before it loads the schema. A test holds
 * them against the declared schema.
 */
export const foreignKeyNames = [
  'fk_flows_schedule',
  'fk_flows_repository',
  'fk_flows_policy',
  'fk_executions_flow',
  'fk_executions_schedule',
] as const;
