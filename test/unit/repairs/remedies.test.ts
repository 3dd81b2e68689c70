import { declaredSchema, subject } from '../../../src/migrations';
import { planRemedies, type RemedyInput } from '../../../src/engine/repairs/remedies';
import { mendOrphansSql } from '../../../src/engine/orphans/find-orphans';
import { obstacle } from '../../../src/engine/steps/key-obstacles';
import { note, remedyText, statement } from '../../../src/engine/steps/remedy';
import { expectedText } from '../../../src/engine/schema/ddl';
import { column, table, unique } from '../../../src/engine/schema/declare';
import { named, withTable, type Column, type Schema, type Table } from '../../../src/engine/schema/shape';

const settle = (one: Table): Table => ({
  ...one,
  columns: one.columns.map((each) => ({
    ...each,
    ...expectedText(new Map(), { ...one, foreignKeys: [] }, each, new Map()),
  })),
});

/** The declared schema as a live one, with its parents. */
const whole: Schema = new Map([
  ...[...declaredSchema].map(([name, one]): [string, Table] => [name, settle(one)]),
  ...['replication_schedules', 'schedule_executions', 'backup_repositories', 'backup_policies'].map(
    (name): [string, Table] => [
      name,
      settle(
        table(name, {
          columns: [
            column('id', 'varchar(64)'),
            column('name', 'varchar(255)'),
            column('kind', "enum('a b','c')"),
          ],
          indexes: [unique('un', 'name')],
        }),
      ),
    ],
  ),
]);

const plan = (live: Schema, other: Partial<RemedyInput> = {}) =>
  planRemedies({
    declared: declaredSchema,
    live,
    server: { flavour: 'mariadb', version: '10.11.0' },
    words: subject,
    comments: new Map(),
    behindViews: new Map(),
    orphans: new Map(),
    ...other,
  });

const changed = (name: string, change: Partial<Column>): Schema =>
  withTable(whole, 'protection_flows', (one) => ({
    ...one,
    columns: one.columns.map((each) => (each.name === name ? { ...each, ...change } : each)),
  }));

const sqlOf = (parts: readonly object[]): string[] =>
  parts.flatMap((part) => ('sql' in part ? [String(part.sql)] : []));

// Without these, a remedy could do nothing, do harm, or fail when it is pasted.
describe('the remedies', () => {
  it('are empty for a live schema that is as declared', () => {
    expect(Object.values(plan(whole)).flat()).toEqual([]);
  });

  it('drop a key before its column changes, and add it again after all changes', () => {
    const { columns } = plan(changed('policy_id', { type: 'varchar(36)' }));
    expect(sqlOf(columns).map((sql) => sql.slice(0, 60))).toEqual([
      'ALTER TABLE `protection_flows` DROP FOREIGN KEY `fk_flows_po',
      'ALTER TABLE `protection_flows` MODIFY `policy_id` varchar(64',
      'ALTER TABLE `protection_flows` ADD CONSTRAINT `fk_flows_poli',
    ]);
  });

  it('keep the keys if only a default changes', () => {
    expect(sqlOf(plan(changed('id', { default: null })).columns)).toHaveLength(1);
  });

  it('deal with the orphans of a key once, before they add the key again', () => {
    const mended = plan(changed('policy_id', { type: 'varchar(36)' }), {
      orphans: new Map([['fk_flows_policy', 1]]),
    });
    expect(sqlOf(mended.columns).map((sql) => sql.split(' ')[0])).toEqual([
      'ALTER',
      'ALTER',
      'UPDATE',
      'ALTER',
    ]);
    expect(mended.orphans).toEqual([]);
  });

  it('include everything if a table is missing, because the other checks do not run then', () => {
    const live = new Map([...whole].filter(([name]) => name !== 'protection_flow_executions'));
    const mended = plan(live);
    expect(
      sqlOf(mended.tables).map((sql) => /^(CREATE TABLE|ALTER TABLE.*ADD CONSTRAINT `\w+`)/.exec(sql)?.[0]),
    ).toEqual([
      'CREATE TABLE',
      'ALTER TABLE `protection_flow_executions` ADD CONSTRAINT `fk_executions_flow`',
      'ALTER TABLE `protection_flow_executions` ADD CONSTRAINT `fk_executions_schedule`',
    ]);
    expect(mended['foreign-keys']).toEqual([]);
  });
});

describe('a remedy', () => {
  it('ends each statement, and keeps a comment a comment, whatever a name in it contains', () => {
    const text = remedyText([note('x\nDROP TABLE a;\r\u2028DROP TABLE b;'), statement('SELECT 1')]);
    expect(text).toBe('-- x DROP TABLE a; DROP TABLE b;\nSELECT 1;');
    const long = remedyText([note('word '.repeat(60))]);
    expect(long.split('\n').every((line) => line.startsWith('-- ') && line.length <= 90)).toBe(true);
  });

  it('of an obstacle has a line for each of its parts, whatever a name in it contains', () => {
    const look = `${'word '.repeat(30)}\nDROP TABLE a;`;
    const { remedy, parts } = obstacle('FK_TYPE_MISMATCH', 't', 'no', note(look), statement('SELECT 1'));
    expect(remedy).toBe(`-- ${look.replace('\n', '')}\nSELECT 1;`);
    expect(parts).toEqual([note(look), statement('SELECT 1')]);
  });
});

describe('the orphans of a key', () => {
  const flows = whole.get('protection_flows')!;
  const key = named(declaredSchema.get('protection_flows')!.foreignKeys, 'fk_flows_repository')!;

  it('get placeholder parents with the required columns filled, with unique values in unique columns', () => {
    const [sql = ''] = mendOrphansSql(flows, key, whole);
    expect(sql).toContain('(`id`, `name`, `kind`)');
    expect(sql).toContain("SELECT o.id, CONCAT('restored ', o.id), 'a b'");
  });

  it('get a digest as value if a unique column is too narrow for their ids', () => {
    const narrow = withTable(whole, key.parentTable, (one) => ({
      ...one,
      columns: one.columns.map((each) => (each.name === 'name' ? { ...each, type: 'varchar(40)' } : each)),
    }));
    expect(mendOrphansSql(flows, key, narrow)[0]).toContain('LEFT(MD5(o.id), 40)');
  });

  it('are not counted without a parent table', () => {
    expect(mendOrphansSql(flows, key, new Map([['protection_flows', flows]]))).toEqual([]);
  });
});
