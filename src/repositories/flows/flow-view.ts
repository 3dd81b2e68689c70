import type { EntityManager } from 'typeorm';
import { ProtectionFlow } from '../../entities';
import { rowReader, type RawRow } from '../row-reader';

/** The names of what a flow refers to; null where it refers to nothing, or the platform has no such table (yet). */
export interface FlowNames {
  schedule_name: string | null;
  schedule_cron: string | null;
  repository_name: string | null;
  policy_name: string | null;
  /** The VM's or the group's name; null also where it is gone. */
  target_name: string | null;
}

/** A flow as the API and the web page show it. */
export type FlowView = ProtectionFlow & FlowNames;

/** A row of a SELECT with {@link nameColumns} as a view. */
export function readFlowView(manager: EntityManager, row: RawRow): FlowView {
  const text = (name: string): string | null => (row[name] as string | null | undefined) ?? null;
  return Object.assign(rowReader(manager, ProtectionFlow).read(row), {
    schedule_name: text('schedule_name'),
    schedule_cron: text('schedule_cron'),
    repository_name: text('repository_name'),
    policy_name: text('policy_name'),
    // Not COALESCE in the SELECT: the two columns may have collations that don't go together
    target_name: text('vm_name') ?? text('group_name'),
  });
}
