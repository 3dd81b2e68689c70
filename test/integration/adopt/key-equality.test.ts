import { adopt } from '../../../src/engine/adopt';
import { verify } from '../../../src/engine/verify';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';

const database = useDatabase({ per: 'each' });
const dataSource = useDataSource(database, { per: 'each' });

const replaced = (name: string, rules: string): string =>
  `ALTER TABLE protection_flow_executions ADD CONSTRAINT ${name} FOREIGN KEY (schedule_execution_id)
     REFERENCES schedule_executions (id) ${rules}`;

/** Ways to write the key, and whether each is the declared one. */
const variants: readonly (readonly [what: string, name: string, rules: string, isDeclared: boolean])[] = [
  ['with ON UPDATE NO ACTION', 'fk_executions_schedule', 'ON DELETE SET NULL ON UPDATE NO ACTION', true],
  ['with ON UPDATE RESTRICT', 'fk_executions_schedule', 'ON DELETE SET NULL ON UPDATE RESTRICT', true],
  ['without ON UPDATE', 'fk_executions_schedule', 'ON DELETE SET NULL', true],
  ['with ON UPDATE CASCADE', 'fk_executions_schedule', 'ON DELETE SET NULL ON UPDATE CASCADE', false],
  ['with ON DELETE CASCADE', 'fk_executions_schedule', 'ON DELETE CASCADE', false],
  ['under another name', '_fk_executions_schedule', 'ON DELETE SET NULL', false],
  ['with another rule and another name', '_fk_executions_schedule', 'ON UPDATE CASCADE', false],
];

// Once, adopt reported a difference in a key that verify called proven.
it.each(variants)(
  'verify and adopt agree whether a key %s is the declared one',
  async (_what, name, rules, isDeclared) => {
    await database.session.query(
      'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_schedule',
    );
    await database.session.query(replaced(name, rules));
    const seen = await verify(dataSource());
    expect(seen.verdict).toBe(isDeclared ? 'proven' : 'drifted');
    const { ok, repairs } = await adopt(dataSource());
    expect({ ok, repairs: repairs.map(({ title }) => title) }).toEqual({
      ok: isDeclared,
      repairs: isDeclared ? [] : ['add foreign key fk_executions_schedule'],
    });
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true });
    expect((await verify(dataSource())).verdict).toBe('proven');
    const [row] = (await database.session.query('SHOW CREATE TABLE protection_flow_executions')) as Record<
      string,
      string
    >[];
    expect(row?.['Create Table']?.match(/CONSTRAINT `\w+` FOREIGN KEY \(`schedule_execution_id`\)/g)).toEqual(
      ['CONSTRAINT `fk_executions_schedule` FOREIGN KEY (`schedule_execution_id`)'],
    );
  },
);
