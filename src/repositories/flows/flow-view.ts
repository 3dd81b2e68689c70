import type { EntityManager } from 'typeorm';
import { ProtectionFlow, type FlowRow } from '../../entities';
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
export type FlowView = FlowRow & FlowNames;

/** Of a column that may be left out of the SELECT. */
const textOf = (value: unknown): string | null => (value as string | null | undefined) ?? null;

/** A row of a SELECT with {@link nameColumns} as a view. */
export function readFlowView(manager: EntityManager, row: RawRow): FlowView {
  const view = rowReader(manager, ProtectionFlow).read(row) as ProtectionFlow & FlowNames;
  view.schedule_name = textOf(row['schedule_name']);
  view.schedule_cron = textOf(row['schedule_cron']);
  view.repository_name = textOf(row['repository_name']);
  view.policy_name = textOf(row['policy_name']);
  // Not COALESCE in the SELECT: the two columns may have collations that don't go together
  view.target_name = textOf(row['vm_name']) ?? textOf(row['group_name']);
  return view;
}
