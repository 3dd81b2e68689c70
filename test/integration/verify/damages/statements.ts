/** A change of the flows' table. */
export const flows = (change: string): string => `ALTER TABLE protection_flows ${change}`;

/** A change of the executions' table. */
export const executions = (change: string): string => `ALTER TABLE protection_flow_executions ${change}`;

/** Executes the statements without checks of foreign keys. */
export const unchecked = (...statements: string[]): string[] => [
  'SET foreign_key_checks = 0',
  ...statements,
  'SET foreign_key_checks = 1',
];
