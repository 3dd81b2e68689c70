import { DataTypes, Op, QueryTypes, Sequelize, type Model, type ModelStatic } from 'sequelize';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';

/** A row, whose columns are properties. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Sequelize's own way without a class for each table
type Row = Model & Record<string, any>;

/** New options for each column, because Sequelize changes the given object. */
const key = () => ({ type: DataTypes.STRING(64), primaryKey: true });
const other = DataTypes.STRING(64);
const word = DataTypes.STRING(255);
const count = () => ({ type: DataTypes.INTEGER, defaultValue: 0 });
const moment = DataTypes.DATE;

function modelsOf(sequelize: Sequelize) {
  const define = (tableName: string, columns: Parameters<Sequelize['define']>[1]): ModelStatic<Row> =>
    sequelize.define(tableName, columns, { tableName, timestamps: false }) as ModelStatic<Row>;
  const flows = define('protection_flows', {
    id: key(),
    name: word,
    description: DataTypes.TEXT,
    flow_type: word,
    target_type: word,
    target_id: other,
    repository_id: other,
    policy_id: other,
    destination_type: word,
    destination_config: DataTypes.JSON,
    schedule_id: other,
    enabled: { type: DataTypes.BOOLEAN, defaultValue: true },
    last_execution_id: other,
    last_execution_status: { type: word, defaultValue: 'pending' },
    last_execution_time: moment,
    next_execution_time: moment,
    total_executions: count(),
    successful_executions: count(),
    failed_executions: count(),
    created_at: { type: moment, defaultValue: DataTypes.NOW },
    updated_at: { type: moment, defaultValue: DataTypes.NOW },
    created_by: { type: word, defaultValue: 'system' },
  });
  const executions = define('protection_flow_executions', {
    id: key(),
    flow_id: other,
    status: word,
    execution_type: word,
    jobs_created: count(),
    jobs_completed: count(),
    jobs_failed: count(),
    jobs_skipped: count(),
    started_at: moment,
    completed_at: moment,
    execution_time_seconds: DataTypes.INTEGER,
    vms_processed: count(),
    bytes_transferred: { type: DataTypes.BIGINT, defaultValue: 0 },
    error_message: DataTypes.TEXT,
    execution_metadata: DataTypes.JSON,
    created_job_ids: DataTypes.JSON,
    schedule_execution_id: other,
    created_at: { type: moment, defaultValue: DataTypes.NOW },
    triggered_by: word,
  });
  const schedule = define('replication_schedules', { id: key(), name: word, cron_expression: word });
  const repository = define('backup_repositories', { id: key(), name: word });
  const policy = define('backup_policies', { id: key(), name: word });
  flows.belongsTo(schedule, { as: 'schedule', foreignKey: 'schedule_id' });
  flows.belongsTo(repository, { as: 'repository', foreignKey: 'repository_id' });
  flows.belongsTo(policy, { as: 'policy', foreignKey: 'policy_id' });
  const machines = define('vm_replication_contexts', { context_id: key(), vm_name: word });
  const groups = define('vm_machine_groups', { id: key(), name: word });
  return { flows, executions, machines, groups };
}

const names = { include: ['schedule', 'repository', 'policy'] };
const newest: [string, 'DESC'][] = [
  ['created_at', 'DESC'],
  ['id', 'DESC'],
];

/** Sequelize as in its documentation: eager loading, changes by saving loaded rows, managed transactions. */
class WithSequelize implements Peer {
  private readonly models;
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(private readonly sequelize: Sequelize) {
    this.models = modelsOf(sequelize);
  }

  async get(flowId: string): Promise<(string | null)[]> {
    const flow = (await this.models.flows.findByPk(flowId, names))!;
    const [target] = await this.targets([flow]);
    const of = (one: Row | null): string | null => one?.name ?? null;
    return [flow.name, of(flow.schedule), of(flow.repository), of(flow.policy), target ?? null];
  }

  async list(limit: number): Promise<(string | null)[]> {
    return this.targets(await this.models.flows.findAll({ ...names, order: newest, limit }));
  }

  async history(flow_id: string, limit: number): Promise<string[]> {
    const runs = await this.models.executions.findAll({ where: { flow_id }, order: newest, limit });
    return runs.map((run) => run.id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const runs = await this.sequelize.query<Row>(
      `SELECT e.* FROM protection_flow_executions e JOIN (
         SELECT id, ROW_NUMBER() OVER (PARTITION BY flow_id ORDER BY created_at DESC, id DESC) AS place
           FROM protection_flow_executions WHERE flow_id IN (:flowIds)
       ) n ON n.id = e.id AND n.place = 1`,
      {
        replacements: { flowIds: [...flowIds] },
        type: QueryTypes.SELECT,
        model: this.models.executions,
        mapToModel: true,
      },
    );
    return runs.map((run) => run.id).sort();
  }

  start(flowId: string): Promise<string> {
    return this.sequelize.transaction(async (transaction) => {
      const started_at = new Date();
      const run = await this.models.executions.create(
        {
          id: uuidv7(),
          flow_id: flowId,
          execution_type: 'api',
          triggered_by: 'bench',
          status: 'running',
          started_at,
        },
        { transaction },
      );
      await this.models.flows.update(
        {
          total_executions: this.sequelize.literal('total_executions + 1'),
          last_execution_id: run.id,
          last_execution_status: 'running',
          last_execution_time: started_at,
        },
        { where: { id: flowId }, transaction },
      );
      return run.id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const run = (await this.models.executions.findByPk(executionId))!;
    if (run.status !== 'running') throw new Error('was over already');
    await run.update({
      jobs_completed: jobs,
      bytes_transferred: bytes,
      execution_metadata: { phase: 'copying' },
    });
  }

  finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    return this.sequelize.transaction(async (transaction) => {
      const run = (await this.models.executions.findByPk(executionId, { transaction }))!;
      if (run.status !== 'running') throw new Error('was over already');
      const completed_at = new Date();
      await run.update(
        {
          status: 'success',
          completed_at,
          execution_time_seconds: Math.round((completed_at.getTime() - run.started_at.getTime()) / 1000),
          jobs_completed: jobs,
          bytes_transferred: bytes,
        },
        { transaction },
      );
      await this.models.flows.update(
        {
          successful_executions: this.sequelize.literal('successful_executions + 1'),
          last_execution_status: 'success',
          last_execution_time: completed_at,
        },
        { where: { id: run.flow_id }, transaction },
      );
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const values = { ...flow, id: uuidv7(), next_execution_time: this.tomorrow };
    return (await this.models.flows.create(values)).id;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.sequelize.transaction(async (transaction) => {
      const now = new Date();
      const flows = await this.models.flows.findAll({
        where: { enabled: true, next_execution_time: { [Op.lte]: now } },
        order: ['next_execution_time', 'id'],
        limit,
        lock: transaction.LOCK.UPDATE,
        skipLocked: true,
        transaction,
      });
      const runs = await this.models.executions.bulkCreate(
        flows.map((flow) => ({
          id: uuidv7(),
          flow_id: flow.id,
          status: 'running',
          execution_type: 'scheduled',
          started_at: now,
          triggered_by: 'bench',
          execution_metadata: { worker: 'bench', due_at: flow.next_execution_time },
        })),
        { transaction },
      );
      for (const [at, flow] of flows.entries())
        await flow.update(
          {
            next_execution_time: this.tomorrow,
            total_executions: flow.total_executions + 1,
            last_execution_id: runs[at]!.id,
            last_execution_time: now,
            last_execution_status: 'running',
          },
          { transaction },
        );
      return flows.map((flow) => flow.id);
    });
  }

  release(): Promise<void> {
    return this.sequelize.close();
  }

  /** The names of the flows' targets, which are in one of two tables, and so have no association. */
  private async targets(flows: readonly Row[]): Promise<(string | null)[]> {
    const idsOf = (type: string): string[] =>
      flows.filter((flow) => flow.target_type === type).map((flow) => flow.target_id);
    const { machines, groups } = this.models;
    const [vms, others] = [idsOf('vm'), idsOf('group')];
    const found = new Map<string, string>();
    if (vms.length > 0)
      for (const vm of await machines.findAll({ where: { context_id: vms } }))
        found.set(vm.context_id, vm.vm_name);
    if (others.length > 0)
      for (const group of await groups.findAll({ where: { id: others } })) found.set(group.id, group.name);
    return flows.map((flow) => found.get(flow.target_id) ?? null);
  }
}

/** Connects. */
export const connect = async (url: string): Promise<Peer> =>
  new WithSequelize(
    new Sequelize(url, { dialect: 'mysql', logging: false, timezone: '+00:00', pool: { max: 10 } }),
  );
