import { Column, Index } from 'typeorm';
import { generateMigration, type Generated } from '../../../scripts/migrations/generate-migration';
import { generateReport } from '../../../scripts/migrations/report';
import { entities, ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { sharedServer } from '../../support/shared-server';
import { withEdited, type Editor } from './edited-entities';

const generate = (edit: (editor: Editor) => void): Promise<Generated> =>
  withEdited(edit, (edited) =>
    generateMigration({ name: 'LoseSomething', entities: edited, server: sharedServer() }),
  );

/** Guards that a careless edit of an entity does not become a migration that destroys stored data. */
describe('refusing to generate a migration', () => {
  it('names every change that would lose data, and writes no change at all', async () => {
    const generated = await generate(({ column, removeColumn, removeRelation, onDelete, index }) => {
      removeColumn(ProtectionFlow, 'description');
      column(ProtectionFlow, 'name', { length: 100 });
      column(ProtectionFlow, 'repository_id', { length: 80 });
      column(ProtectionFlow, 'total_executions', { type: 'smallint' });
      column(ProtectionFlow, 'created_by', { type: 'int', length: undefined, default: 0 });
      column(ProtectionFlow, 'destination_type', { enum: ['ossea', 'hyperv'] });
      column(ProtectionFlowExecution, 'execution_type', { enum: ['manual', 'scheduled', 'api'] });
      column(ProtectionFlowExecution, 'error_message', { nullable: false });
      column(ProtectionFlowExecution, 'bytes_transferred', { unsigned: true });
      Column({ type: 'varchar', length: 10 })(ProtectionFlow.prototype, 'region');
      Column({ type: 'varchar', length: 64, default: () => 'uuid()' })(ProtectionFlow.prototype, 'token');
      removeRelation(ProtectionFlow, 'policy');
      onDelete(ProtectionFlow, 'schedule', 'CASCADE');
      index('idx_repository', null);
      Index(['created_at'])(ProtectionFlow);
      Column({ type: 'int', nullable: true })(ProtectionFlow.prototype, 'harmless');
    });
    expect(generated.outcome).toBe('refused');
    const refusals = generated.outcome === 'refused' ? generated.refusals : [];
    const reasons = Object.fromEntries(refusals.map(({ object, because }) => [object, because]));
    expect(reasons).toEqual({
      'column protection_flows.description': expect.stringContaining('would lose its values'),
      'column protection_flows.name': expect.stringContaining('longer than 100 would be cut'),
      'column protection_flows.repository_id': expect.stringContaining('fk_flows_repository starts at it'),
      'column protection_flows.total_executions': expect.stringContaining('smallint holds less than int'),
      'column protection_flows.created_by': expect.stringContaining('types of different kinds'),
      'column protection_flows.destination_type': expect.stringContaining('vmware, which the new list lacks'),
      'column protection_flow_executions.execution_type': expect.stringContaining('another order'),
      'column protection_flow_executions.error_message': expect.stringContaining('rows may hold NULL'),
      'column protection_flow_executions.bytes_transferred': expect.stringContaining('holds less than'),
      'column protection_flows.token': expect.stringContaining('MySQL refuses (1674)'),
      'column protection_flows.region': expect.stringContaining('has no default'),
      'foreign key protection_flows.fk_flows_policy': expect.stringContaining('without it rows can name'),
      'foreign key protection_flows.fk_flows_schedule': expect.stringContaining('nothing keeps orphans out'),
      'index protection_flows.idx_repository': expect.stringContaining('fk_flows_repository needs an index'),
      [refusals.find(({ object }) => object.includes('IDX_'))?.object ?? 'IDX_']:
        expect.stringContaining('TypeORM made one up'),
    });
    expect(refusals.every(({ instead }) => instead.length > 10)).toBe(true);
    const report = generateReport(generated, null).join('\n');
    expect(report).toMatch(/^REFUSED: nothing was written\./);
    for (const object of Object.keys(reasons)) expect(report).toContain(object);
  });

  it('names a table whose entity was removed', async () => {
    const generated = await withEdited(
      ({ removeRelation, args }) => {
        removeRelation(ProtectionFlowExecution, 'flow');
        removeRelation(ProtectionFlowExecution, 'schedule_execution');
        const inverse = args.relations.filter((one) => /executions$/.test(one.propertyName));
        for (const one of inverse) args.relations.splice(args.relations.indexOf(one), 1);
      },
      () =>
        generateMigration({
          name: 'LoseTable',
          entities: entities.filter((entity) => entity !== ProtectionFlowExecution),
          server: sharedServer(),
        }),
    );
    expect(generated).toMatchObject({
      outcome: 'refused',
      refusals: [
        { object: 'table protection_flow_executions', because: expect.stringContaining('lose its rows') },
      ],
    });
  });

  it('reports a change that the server would refuse, before it writes a file', async () => {
    const generated = await generate(({ column }) => column(ProtectionFlow, 'id', { length: 100 }));
    expect(generated).toMatchObject({
      outcome: 'refused',
      refusals: [{ object: expect.stringContaining('protection_flows.id') }],
    });
  });

  it('reports a difference that no step can make', async () => {
    const generated = await generate(({ column }) =>
      column(ProtectionFlow, 'name', { comment: 'what people call it' }),
    );
    expect(generated).toMatchObject({
      outcome: 'refused',
      refusals: [{ object: 'the entities', because: expect.stringContaining('what people call it') }],
    });
  });

  it.each<[string, RegExp, (editor: Editor) => void]>([
    [
      'after the steps',
      /^after the steps MySQL would not check it/,
      ({ column }) => column(ProtectionFlowExecution, 'created_at', { nullable: true }),
    ],
    [
      'when they are undone',
      /^once the steps are undone MySQL would not check it/,
      ({ index }) => {
        Index('uq_executions_flow', ['flow_id', 'id'], { unique: true })(ProtectionFlowExecution);
        index('idx_executions_history', null);
      },
    ],
  ])(
    'happens on MySQL when an index would stop the server from checking a key %s',
    async (_when, because, edit) => {
      const generated = await generate(edit);
      if (sharedServer().flavour === 'mariadb') return expect(generated.outcome).toBe('generated');
      expect(generated).toMatchObject({
        outcome: 'refused',
        refusals: [
          {
            object: 'foreign key protection_flow_executions.fk_executions_flow',
            because: expect.stringMatching(because),
          },
        ],
      });
    },
  );

  it.each(['', 'addOwner', 'add-owner', 'Add Owner', 'AddForeignKeys', '../Owner'])(
    'happens for the invalid name %j',
    async (name) => {
      await expect(generateMigration({ name, server: sharedServer() })).rejects.toMatchObject({
        code: 'USAGE',
      });
    },
  );
});
