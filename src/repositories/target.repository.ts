import { choice, declareArguments, id, ids, properties } from '../arguments';
import { targetTypes } from '../domain';
import type { ProtectionFlow } from '../entities';
import { scheduleFaults } from '../schedule';
import { readSchedule } from './due/schedules';
import { flowNotFound } from './not-found';
import { chunks, orEmpty } from './statements';
import { comparableText, withPlatformColumns } from './platform-columns';
import { readMachines, type Machine } from './progress/machines';
import { Repository } from './session';

/** A VM that a run must protect. */
export interface TargetVm {
  readonly context_id: string;
  readonly vm_name: string;
}

/** A reason why a flow can't run as it should. */
export interface FlowProblem {
  /** The flow's column. */
  readonly field: 'target_id' | 'repository_id' | 'schedule_id';
  readonly message: string;
}

type Target = Pick<ProtectionFlow, 'target_type' | 'target_id'>;

/** A null priority means 0, the column's default. */
type Member = TargetVm & { readonly id: string; readonly priority: number | null };

const byPriority = (one: Member, other: Member): number =>
  (one.priority ?? 0) - (other.priority ?? 0) || (one.id < other.id ? -1 : 1);

const readTarget = declareArguments('resolve', {
  flow: properties({ target_type: choice(targetTypes), target_id: id }),
});
const readVms = declareArguments('withoutFullBackup', { vmContextIds: ids, repositoryId: id });
const readFlowId = declareArguments('check', { flowId: id });

const idsAtOnce = 1_000;

/**
 * Reads from the platform's tables what flows protect. Passes ids as values instead of joining tables, because the tables
 * may have different collations.
 */
export class TargetRepository extends Repository {
  /**
   * Returns the VMs that a run of the flow must protect: the target VM, or the enabled members of the target group by
   * priority. Empty if the group has no enabled member, or the target does not exist.
   */
  async resolve(flow: Target): Promise<TargetVm[]> {
    const { target_type, target_id } = readTarget({ flow }).flow;
    if (target_type === 'vm')
      return orEmpty(
        this.session.select<TargetVm>(
          'SELECT context_id, vm_name FROM vm_replication_contexts WHERE context_id = ?',
          [target_id],
        ),
      );
    const members = await orEmpty(
      this.session.select<Member>(
        `SELECT v.context_id, v.vm_name, m.priority, m.id FROM vm_group_memberships m
           JOIN vm_replication_contexts v ON v.context_id = m.vm_context_id
          WHERE m.group_id = ? AND COALESCE(m.enabled, 1) = 1`,
        [target_id],
      ),
    );
    // Sorts here, because no index of the platform gives this order
    return members.sort(byPriority).map(({ context_id, vm_name }) => ({ context_id, vm_name }));
  }

  /** Returns those of these VMs without a completed full backup in the repository: their next backup must be full. */
  async withoutFullBackup(vmContextIds: readonly string[], repositoryId: string): Promise<Set<string>> {
    const given = readVms({ vmContextIds, repositoryId });
    const missing = new Set<string>();
    for (const part of chunks(given.vmContextIds, idsAtOnce)) {
      const have = await orEmpty(this.haveFullBackup(part, given.repositoryId));
      const places = new Set(have.map(({ place }) => Number(place)));
      part.filter((_, at) => !places.has(at + 1)).forEach((id) => missing.add(id));
    }
    return missing;
  }

  /** Returns the positions, from 1, of the ids that have one: the database compares the ids. */
  private haveFullBackup(ids: readonly string[], repositoryId: string): Promise<{ place: number }[]> {
    return withPlatformColumns(this.session, (columns) => {
      const text = comparableText(columns, 'backup_jobs.vm_context_id', 191);
      return this.session.select(
        `SELECT v.place FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, id ${text} PATH '$')) v
          WHERE EXISTS (SELECT 1 FROM backup_jobs b WHERE b.vm_context_id = v.id AND b.repository_id = ?
                AND b.backup_type = 'full' AND b.status = 'completed')`,
        [JSON.stringify(ids), repositoryId],
      );
    });
  }

  /** Returns the reasons why the flow can't run as it should; empty if there are none. @throws FLOW_NOT_FOUND */
  async check(flowId: string): Promise<FlowProblem[]> {
    const [flow] = await this.session.select<Target & Pick<ProtectionFlow, 'repository_id' | 'schedule_id'>>(
      'SELECT target_type, target_id, repository_id, schedule_id FROM protection_flows WHERE id = ?',
      [readFlowId({ flowId }).flowId],
    );
    if (flow === undefined) throw flowNotFound(flowId);
    const problems = {
      target_id: await this.targetProblems(flow),
      repository_id: await this.repositoryProblems(flow.repository_id),
      schedule_id: await this.scheduleProblems(flow.schedule_id),
    };
    return Object.entries(problems).flatMap(([field, messages]) =>
      messages.map((message) => ({ field: field as FlowProblem['field'], message })),
    );
  }

  /**
   * Reads the VMs that the flow protects, by priority, with their backups: numbers, results, and the progress of a backup
   * under way. One query.
   *
   * @param options `runs`: how many of the flow's newest runs count, 1 to 1,000, default 100; `stalledAfterMs`: how long a
   * job may be silent, default 300,000
   * @throws FLOW_NOT_FOUND
   */
  async machines(
    flowId: string,
    options: { readonly runs?: number | undefined; readonly stalledAfterMs?: number | undefined } = {},
  ): Promise<Machine[]> {
    return readMachines(this.session, { flowId, options });
  }

  private async targetProblems(target: Target): Promise<string[]> {
    if ((await this.resolve(target)).length > 0) return [];
    return target.target_type === 'vm'
      ? [`there is no VM ${target.target_id}`]
      : [`the group ${target.target_id} has no enabled member, or does not exist`];
  }

  private async repositoryProblems(id: string | null): Promise<string[]> {
    if (id === null) return [];
    const [repository] = await orEmpty(
      this.session.select<{ name: string; enabled: number | null }>(
        'SELECT name, enabled FROM backup_repositories WHERE id = ?',
        [id],
      ),
    );
    if (repository === undefined) return [`there is no repository ${id}`];
    return repository.enabled === 0 ? [`the repository ${repository.name} is disabled`] : [];
  }

  private async scheduleProblems(id: string | null): Promise<string[]> {
    if (id === null) return [];
    const schedule = await readSchedule(this.session, id);
    if (schedule === undefined) return [`there is no schedule ${id}`];
    const disabled = schedule.enabled === 0 ? ['the schedule is disabled'] : [];
    if (schedule.schedule_type === 'chain') return disabled;
    return [...disabled, ...scheduleFaults(schedule).map(({ message }) => message)];
  }
}
