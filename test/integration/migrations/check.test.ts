import { checkMigrations } from '../../../scripts/migrations/check-migrations';
import { checkReport } from '../../../scripts/migrations/report';
import { ProtectionFlow } from '../../../src/entities';
import { declaredSchema } from '../../../src/migrations';
import { withTable } from '../../../src/engine/schema/shape';
import { sharedServer } from '../../support/shared-server';
import { withEdited } from './edited-entities';

/** Guards that the check notices every difference between entities and migrations. */
describe('checking entities against migrations', () => {
  it('finds nothing in this package', async () => {
    const result = await checkMigrations({ server: sharedServer() });
    expect(result).toEqual({ typeorm: [], entities: [], declared: [] });
    expect(checkReport(result)).toEqual(['Entities and migrations agree.']);
  });

  it('shows the statements of TypeORM, their effect, and the remedy', async () => {
    const result = await withEdited(
      ({ column }) => column(ProtectionFlow, 'name', { length: 300 }),
      (entities) => checkMigrations({ entities, server: sharedServer() }),
    );
    expect(result.typeorm.join('\n')).toMatch(/DROP COLUMN `name`/);
    expect(result.entities).toEqual([
      'changes column protection_flows.name from varchar(255) NOT NULL to varchar(300) NOT NULL',
    ]);
    expect(checkReport(result).join('\n')).toContain('npm run migration:generate -- Name');
  });

  it('sees differences that TypeORM overlooks', async () => {
    const result = await withEdited(
      ({ index }) => index('idx_flows_due', ['next_execution_time', 'enabled']),
      (entities) => checkMigrations({ entities, server: sharedServer() }),
    );
    expect(result.typeorm).toEqual([]);
    expect(result.entities).toEqual([
      'makes index protection_flows.idx_flows_due (next_execution_time, enabled)',
    ]);
  });

  it('sees steps whose declaration differs from their effect', async () => {
    const declared = withTable(declaredSchema, 'protection_flows', (table) => ({ ...table, checks: [] }));
    const result = await checkMigrations({ declared, server: sharedServer() });
    expect(result.declared).toEqual([expect.stringContaining('chk_flows_type is not declared')]);
    expect(checkReport(result).join('\n')).toContain('whose declaration differs from what it does');
  });
});
