import {
  addToGroup,
  createGroup,
  createPolicy,
  createRepository,
  createSchedule,
  createVm,
} from '../../../src/testing';
import type { TestDatabase } from '../../support/database';

/** The platform's rows that the examples' tests refer to. */
export const ids = {
  repository: 'repo-1',
  policy: 'policy-1',
  schedule: 'schedule-1',
  /** Of the VMs a, b and c. */
  group: 'group-1',
  vm: 'ctx-a',
} as const;

/** Inserts them; the database has the platform's tables. */
export async function addPlatformRows({ session }: TestDatabase): Promise<void> {
  await createRepository(session, { id: ids.repository, name: 'Main repository' });
  await createPolicy(session, { id: ids.policy, name: '30 days', primary_repository_id: ids.repository });
  await createSchedule(session, { id: ids.schedule, name: 'Nightly', cron_expression: '0 2 * * *' });
  await createGroup(session, { id: ids.group, name: 'Web servers' });
  for (const [priority, name] of ['a', 'b', 'c'].entries()) {
    const { context_id } = await createVm(session, { context_id: `ctx-${name}`, vm_name: name });
    await addToGroup(session, ids.group, context_id, { priority });
  }
}

let number = 0;

/** The body of a request for a new backup flow of the group. */
export function backupOfGroup(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  number += 1;
  const target = { target_type: 'group', target_id: ids.group };
  return { name: `Web ${number}`, flow_type: 'backup', ...target, repository_id: ids.repository, ...changes };
}
