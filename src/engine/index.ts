import { declareArguments, type Reader } from '../arguments';
import { settingsFromProgram, type KnownSettings } from '../config';
import { readSubject } from './subject/read-subject';
import type { Subject } from './subject/subject';
import { connectTo, type OpenDatabase } from './session/open-database';

/** Lets any settings through: {@link settingsFromProgram} judges them. */
const settingsOfAnyKind: Reader<unknown> = (value) => value;

const assertOpen = declareArguments('openDatabase', { subject: readSubject, settings: settingsOfAnyKind });

/**
 * Opens a database for the engine, on connections of its own; the caller closes it. Loads mysql2, and no TypeORM.
 *
 * @param subject the migrations and names of the package that owns the tables
 * @param settings where to connect to: `{ host, port, username, password, database }` and so on
 * @throws ProtectionFlowsError VALIDATION_FAILED for an invalid subject; CONFIG_INVALID for invalid settings;
 * HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING, SERVER_UNSUPPORTED
 */
export async function openDatabase(subject: Subject, settings: KnownSettings): Promise<OpenDatabase> {
  assertOpen({ subject, settings });
  return connectTo(subject, settingsFromProgram(settings));
}

// What a migration is made of
export {
  check,
  column,
  enumOf,
  foreignKey,
  index,
  literal,
  now,
  nullable,
  table,
  unique,
  uuid,
} from './schema/declare';
export type {
  Check,
  Column,
  ForeignKey,
  Index,
  IndexColumn,
  KeyColumns,
  ReferentialAction,
  Schema,
  Table,
} from './schema/shape';
export type { Statement } from './schema/ddl';
export { addColumn, appendEnumValues, changeColumn } from './steps/columns';
export { addForeignKey } from './steps/add-foreign-key';
export { addIndex, dropIndex, replaceIndex } from './steps/indexes';
export { createTable } from './steps/create-table';
export type { Migration, Step, StepContext } from './steps/step';
export type { OrphanContext, Owner } from './orphans/context';
export type { Queryable } from './server/queryable';
export type { Words } from './server/names';
export type { ConnectionSources, DataSourceConnection, KnownSettings } from '../config';
export type {
  CheckProbe,
  GuardColumn,
  Guards,
  GuardTrigger,
  Probes,
  ProbeValues,
  QuestionGround,
  QuestionRow,
  SubjectCheck,
  SubjectOutcome,
  SubjectQuestion,
  TableProbe,
} from './subject/parts';
export type { Subject } from './subject/subject';

// What is done with it
export type { Database, Session } from './session/database';
export type { OpenDatabase } from './session/open-database';
export { adopt, type AdoptOptions, type AdoptResult } from './adopt';
export {
  installGuards,
  keepPlan,
  migrate,
  planMigrate,
  planRollback,
  readGuards,
  readStatus,
  removeGuards,
  restoreOrphans,
  rollback,
  runPreflight,
  type Finding,
  type GuardResult,
  type GuardsResult,
  type GuardsState,
  type KeptPlan,
  type KeyResult,
  type MigrateOptions,
  type MigratePlan,
  type MigrateResult,
  type PreflightResult,
  type RestoreOrphansOptions,
  type RestoreOrphansResult,
  type RollbackOptions,
  type RollbackPlan,
  type RollbackResult,
  type StatusResult,
} from './migrate';
export { verify, type VerifyOptions, type VerifyReport } from './verify';
export { checkSchema, type SchemaFit, type SchemaState } from './verify/check-schema';
export { waitForSchema, type WaitForSchemaOptions, type WaitResult } from './verify/wait-for-schema';
export { isProtectionFlowsError, ProtectionFlowsError, type ErrorCode } from '../errors';
