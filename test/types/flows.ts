import type { ExecutionRow, FlowView, NewFlow, Repositories } from '@sendense/protection-flows';

// Only compiled: callers can rely on what compiles here, and the compiler must report each expected error.

const common = { name: 'Nightly', target_type: 'vm', target_id: 'ctx-1' } as const;

/** A flow needs the columns that its type requires. */
export const flows: NewFlow[] = [
  { ...common, flow_type: 'backup', repository_id: 'repo-1' },
  { ...common, flow_type: 'replication', destination_type: 'ossea' },
  { ...common, flow_type: 'backup', repository_id: 'repo-1', destination_type: null, schedule_id: undefined },
  // @ts-expect-error a backup flow without a repository
  { ...common, flow_type: 'backup' },
  // @ts-expect-error with a null repository
  { ...common, flow_type: 'backup', repository_id: null },
  // @ts-expect-error a backup flow with a destination type only
  { ...common, flow_type: 'backup', destination_type: 'ossea' },
  // @ts-expect-error a replication flow without a destination
  { ...common, flow_type: 'replication', repository_id: 'repo-1' },
  // @ts-expect-error a column that only the scheduler sets
  { ...common, flow_type: 'backup', repository_id: 'repo-1', total_executions: 7 },
];

/** Rows from the repositories have columns and no relations: relations are never loaded. */
export async function rows({ flows, executions, dueFlows }: Repositories): Promise<ExecutionRow> {
  const view: FlowView = await flows.get('1');
  void [view.schedule_name, view.last_execution_time?.getTime()];
  // @ts-expect-error a relation
  void view.schedule;
  // @ts-expect-error a relation
  void (await flows.create(newFlow())).executions;
  const { claimed } = await dueFlows.claimDue({ worker: 'w' });
  for (const { flow, execution, dueAt } of claimed) {
    void [flow.name, dueAt?.getTime()];
    // @ts-expect-error a relation
    void execution.schedule_execution;
  }
  const run = await executions.start({ flow_id: view.id, execution_type: 'manual' });
  // @ts-expect-error a relation
  void run.flow;
  return run;
}

const newFlow = (): NewFlow => ({ ...common, flow_type: 'backup', repository_id: 'repo-1' });
