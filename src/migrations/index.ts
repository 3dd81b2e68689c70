import { declaredSchemaOf, ownerOf, type Subject } from '../engine/subject/subject';
import type { Owner } from '../engine/orphans/context';
import type { Schema } from '../engine/schema/shape';
import { CreateProtectionFlowTables1795305600000 } from './1795305600000-create-protection-flow-tables';
import { AddForeignKeys1795305601000 } from './1795305601000-add-foreign-keys';
import { AddOperationalIndexes1795305602000 } from './1795305602000-add-operational-indexes';
import { AllowCancelledAsLastStatus1795305603000 } from './1795305603000-allow-cancelled-as-last-status';
import { DropRedundantIndexes1795305604000 } from './1795305604000-drop-redundant-indexes';
import { guards } from './guards';
import { KeepWhatPruneRemoved1795305605000 } from './1795305605000-keep-what-prune-removed';
import { KeepWhatDidNotRun1795305606000 } from './1795305606000-keep-what-did-not-run';
import { ServeMetrics1795305607000 } from './1795305607000-serve-metrics';
import { KeepWhatIsPaused1795305608000 } from './1795305608000-keep-what-is-paused';
import { packageVersion, tablePrefix } from './this-package';
import { probes } from './probes';
import { schedulesQuestion } from './schedules-question';
import { statisticsCheck } from './statistics-check';
import type { StepMigration } from './step-migration';

/** Every migration, oldest first. A migration that is not in this list does not run. */
export const migrations: readonly (new () => StepMigration)[] = [
  CreateProtectionFlowTables1795305600000,
  AddForeignKeys1795305601000,
  AddOperationalIndexes1795305602000,
  AllowCancelledAsLastStatus1795305603000,
  DropRedundantIndexes1795305604000,
  KeepWhatPruneRemoved1795305605000,
  KeepWhatDidNotRun1795305606000,
  ServeMetrics1795305607000,
  KeepWhatIsPaused1795305608000,
];

/** One instance of each migration, oldest first. */
export const migrationList: readonly StepMigration[] = migrations.map((Migration) => new Migration());

/** This package's tables, as the engine's subject. */
export const subject: Subject = {
  package: '@sendense/protection-flows',
  command: 'protection-flows',
  environment: 'PROTECTION_FLOWS',
  get version() {
    return packageVersion();
  },
  tablePrefix,
  migrations: migrationList,
  probes,
  guards,
  checks: [statisticsCheck],
  questions: [schedulesQuestion],
};

/**
 * The declared schema: the result of all migrations' steps on an empty database. The migrations are its only source, so it
 * can't disagree with them; a test compares it with the entities.
 */
export const declaredSchema: Schema = declaredSchemaOf(subject);

/** The owner of the tables, for the engine. */
export const owner: Owner = ownerOf(subject);

export { historyTable, packageVersion } from './this-package';
export { StepMigration } from './step-migration';
