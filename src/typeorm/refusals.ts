import { ProtectionFlowsError } from '../errors';

/** What is always refused, and what to do instead. */
export const refusals = {
  option: (option: string) =>
    new ProtectionFlowsError('OPTION_REFUSED', {
      message: `the option ${option} is refused: it would change or drop tables without a migration`,
      remedy: `Remove ${option} from the options and run protection-flows migrate.`,
      details: { option },
    }),
  synchronize: () =>
    new ProtectionFlowsError('SYNCHRONIZE_REFUSED', {
      message: 'synchronize is refused: it would drop columns and keys that it does not know, also of others',
      remedy: 'Run protection-flows migrate, or typeorm migration:run.',
    }),
  drop: () =>
    new ProtectionFlowsError('DROP_REFUSED', {
      message: "dropping the database's tables is refused: most of them belong to the platform",
      remedy: 'To remove the tables of this package, run protection-flows rollback --all.',
    }),
  fake: () =>
    new ProtectionFlowsError('FAKE_REFUSED', {
      message: '--fake is refused: it would record, or forget, migrations that were never executed',
      remedy:
        'Run the migrations for real. Tables that were made by hand are taken over by protection-flows adopt, which records what it has seen to be there.',
    }),
};
