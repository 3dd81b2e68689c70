import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type ColumnOptions } from 'typeorm';
import { generateMigration } from '../../../scripts/migrations/generate-migration';
import { BackupPolicy, ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { idColumn, referenceColumn } from '../../../src/entities/columns';
import { sharedServer } from '../../support/shared-server';
import { withEdited, type Editor } from './edited-entities';
import { tryOut } from './try-out';

const now = new Date('2027-03-04T05:06:07.089Z');

const addColumn = (name: string, options: ColumnOptions): void =>
  Column(options)(ProtectionFlow.prototype, name);

function addFallbackPolicy(onDelete: 'RESTRICT' | 'SET NULL'): void {
  addColumn('fallback_policy_id', referenceColumn);
  Index('idx_fallback_policy', ['fallback_policy_id'])(ProtectionFlow);
  ManyToOne(() => BackupPolicy, { onDelete })(ProtectionFlow.prototype, 'fallback_policy');
  JoinColumn({ name: 'fallback_policy_id', foreignKeyConstraintName: 'fk_flows_fallback_policy' })(
    ProtectionFlow.prototype,
    'fallback_policy',
  );
}

function addTagTable(): [typeof FlowTag] {
  PrimaryColumn(idColumn)(FlowTag.prototype, 'id');
  Column({ type: 'varchar', length: 64 })(FlowTag.prototype, 'flow_id');
  Column({ type: 'varchar', length: 40 })(FlowTag.prototype, 'tag');
  Column({ type: 'boolean', default: false })(FlowTag.prototype, 'hidden');
  ManyToOne(() => ProtectionFlow, { nullable: false, onDelete: 'CASCADE' })(FlowTag.prototype, 'flow');
  JoinColumn({ name: 'flow_id', foreignKeyConstraintName: 'fk_tags_flow' })(FlowTag.prototype, 'flow');
  Index('uq_tags', ['flow_id', 'tag'], { unique: true })(FlowTag);
  Entity({ name: 'protection_flow_tags', engine: 'InnoDB' })(FlowTag);
  return [FlowTag];
}
class FlowTag {}

type Edit = (editor: Editor) => void | [typeof FlowTag];

/** Edits of the entities, and what each makes the migration contain; the edits of a group make one migration. */
const groups: readonly (readonly [string, readonly (readonly [string, Edit, readonly string[]])[]])[] = [
  [
    'more columns, a key and a table',
    [
      [
        'a column that may be NULL',
        () => addColumn('owner', { type: 'varchar', length: 128, nullable: true }),
        [`addColumn('protection_flows', nullable('owner', 'varchar(128)'))`],
      ],
      [
        'columns with defaults',
        () => {
          addColumn('priority', { type: 'smallint', default: 5 });
          addColumn('paused', { type: 'boolean', default: false });
          addColumn('tier', { type: 'enum', enum: ['gold', 'tin'], default: 'tin' });
          addColumn('facts', { type: 'json', nullable: true });
          addColumn('seen_at', { type: 'timestamp', precision: 0, default: () => 'CURRENT_TIMESTAMP' });
        },
        [
          `column('priority', 'smallint', { default: literal(5) })`,
          `column('paused', 'tinyint(1)', { default: literal(0) })`,
          `column('tier', enumOf('gold', 'tin'), { default: literal('tin') })`,
          `nullable('facts', 'json')`,
          `column('seen_at', 'timestamp', { default: now })`,
        ],
      ],
      [
        'a foreign key with its column',
        () => addFallbackPolicy('SET NULL'),
        [
          `addColumn('protection_flows', nullable('fallback_policy_id', 'varchar(64)'))`,
          `addIndex('protection_flows', index('idx_fallback_policy', 'fallback_policy_id'))`,
          `{ table: 'backup_policies', column: 'id' }`,
        ],
      ],
      [
        'a table with a key to ours',
        () => addTagTable(),
        [
          `const protectionFlowTags = table('protection_flow_tags', {`,
          `column('hidden', 'tinyint(1)', { default: literal(0) })`,
          `unique('uq_tags', 'flow_id', 'tag')`,
          `createTable(protectionFlowTags)`,
          `'fk_tags_flow'`,
        ],
      ],
    ],
  ],
  [
    'columns that change',
    [
      [
        'a longer column, which TypeORM would drop and add again',
        ({ column }) => column(ProtectionFlow, 'name', { length: 300 }),
        [`changeColumn('protection_flows', column('name', 'varchar(255)'), column('name', 'varchar(300)'))`],
      ],
      [
        'more values of an ENUM that a CHECK names',
        ({ column }) =>
          column(ProtectionFlow, 'destination_type', { enum: ['ossea', 'vmware', 'hyperv', 'nutanix'] }),
        [
          `appendEnumValues('protection_flows', 'destination_type', {`,
          `from: ['ossea', 'vmware', 'hyperv']`,
          `add: ['nutanix']`,
        ],
      ],
      [
        'a wider number',
        ({ column }) => column(ProtectionFlow, 'total_executions', { type: 'bigint' }),
        [`column('total_executions', 'bigint', { default: literal(0) })`],
      ],
      [
        'another default',
        ({ column }) => column(ProtectionFlowExecution, 'triggered_by', { default: 'nobody' }),
        [`column('triggered_by', 'varchar(255)', { default: literal('nobody') })`],
      ],
      [
        'a column that may be NULL from now on',
        ({ column }) => column(ProtectionFlow, 'created_by', { nullable: true, default: undefined }),
        [`nullable('created_by', 'varchar(255)')`],
      ],
      [
        'a column that may not be NULL from now on, with a default',
        ({ column }) =>
          column(ProtectionFlowExecution, 'execution_time_seconds', { nullable: false, default: 0 }),
        [
          `column('execution_time_seconds', 'int', { default: literal(0) })`,
          'Programs of earlier releases fail where they write NULL into protection_flow_executions.execution_time_seconds',
        ],
      ],
      [
        'more values of an ENUM',
        ({ column }) =>
          column(ProtectionFlowExecution, 'execution_type', {
            enum: ['scheduled', 'manual', 'api', 'retry'],
          }),
        ['appendEnumValues(', `from: ['scheduled', 'manual', 'api']`, `add: ['retry']`],
      ],
      [
        'more values of an ENUM, and another default',
        ({ column }) =>
          column(ProtectionFlowExecution, 'status', {
            enum: ['pending', 'running', 'success', 'warning', 'error', 'cancelled', 'queued'],
            default: 'queued',
          }),
        ['changeColumn(', `'cancelled', 'queued'), {`, `default: literal('queued')`],
      ],
    ],
  ],
  [
    'indexes that change',
    [
      [
        'an index with its columns in another order, which TypeORM overlooks',
        ({ index }) => index('idx_flows_due', ['next_execution_time', 'enabled']),
        [
          `replaceIndex(`,
          `index('idx_flows_due', 'enabled', 'next_execution_time')`,
          `index('idx_flows_due', 'next_execution_time', 'enabled')`,
        ],
      ],
      [
        'another column in an index, whose DESC stays',
        ({ index }) => index('idx_flow_executions', ['flow_id', 'started_at', 'status']),
        [`index('idx_flow_executions', 'flow_id', 'started_at DESC', 'status')`],
      ],
      [
        'an index that goes',
        ({ index }) => index('idx_last_execution', null),
        [`dropIndex('protection_flows', index('idx_last_execution', 'last_execution_time'))`],
      ],
    ],
  ],
  [
    'an index',
    [
      [
        'an index',
        () => Index('idx_flows_creator', ['created_by', 'created_at'])(ProtectionFlow),
        [
          `addIndex('protection_flows', index('idx_flows_creator', 'created_by', 'created_at'))`,
          'readonly breaking = false;',
        ],
      ],
    ],
  ],
  [
    'a foreign key that restricts',
    [
      [
        'a foreign key that restricts',
        () => addFallbackPolicy('RESTRICT'),
        [`'RESTRICT'`, 'TODO: say whether'],
      ],
    ],
  ],
];

/** Guards that a generated migration loses no data, leaves TypeORM no difference, and can run twice. */
describe('generating a migration', () => {
  it.each(groups)('writes steps for %s', async (_what, edits) => {
    const { generated, trial } = await withEdited(
      (editor) => edits.flatMap(([, edit]) => edit(editor) ?? []),
      async (entities) => {
        const server = sharedServer();
        const generated = await generateMigration({ name: 'ChangeSomething', now, entities, server });
        if (generated.outcome !== 'generated') return { generated, trial: null };
        return { generated, trial: await tryOut(server, entities, generated) };
      },
    );
    expect(generated).toMatchObject({
      outcome: 'generated',
      name: { className: 'ChangeSomething1804136767089', fileName: '1804136767089-change-something' },
    });
    for (const [what, , parts] of edits)
      for (const part of parts)
        expect({ what, ...generated }).toMatchObject({ source: expect.stringContaining(part) });
    expect(generated).not.toMatchObject({ source: expect.stringMatching(/\bDROP COLUMN\b/) });
    expect(trial).toEqual({ diff: [], again: [], restored: true });
  });

  it('writes nothing when entities and migrations agree', async () => {
    const generated = await generateMigration({ name: 'ChangeNothing', now, server: sharedServer() });
    expect(generated).toEqual({ outcome: 'nothing' });
  });
});
