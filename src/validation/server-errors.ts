import { flowTypes, type FlowType } from '../domain';
import * as ground from '../errors';
import {
  nameParts,
  ProtectionFlowsError,
  validationFailed,
  type Failure,
  type FieldFault,
  type Mapping,
  type RowErrors,
} from '../errors';
import { flowRecordTables } from '../statistics/meaning';

/** Table → the entity's name in errors. Errors of rows of other tables are not mapped. */
const entityOf: Readonly<Record<string, string>> = {
  protection_flows: 'ProtectionFlow',
  protection_flow_executions: 'ProtectionFlowExecution',
};

function each(rule: string, columns: string): Record<string, string> {
  return Object.fromEntries(columns.split(' ').map((column) => [column, rule]));
}

/**
 * Column → the validators' name of the rule that a value of the wrong kind breaks. A column that is not here holds text.
 * Literals, so that mapping an error does not load the entities; a test compares them with the entities.
 */
export const ruleOf: Readonly<Record<string, string>> = {
  ...each('isIn', 'flow_type target_type destination_type last_execution_status status execution_type'),
  ...each('isDate', 'last_execution_time next_execution_time created_at updated_at started_at completed_at'),
  ...each('isInt', 'total_executions successful_executions failed_executions'),
  ...each('isInt', 'jobs_created jobs_completed jobs_failed jobs_skipped vms_processed'),
  ...each('isInt', 'execution_time_seconds bytes_transferred'),
  ...each('isJson', 'destination_config execution_metadata created_job_ids'),
  ...each('isBoolean', 'enabled'),
};

function wrongField(failure: Failure, column: string | undefined, rule: string, sentence: string) {
  if (column === undefined || failure.statement?.writesRows === false) return null;
  const { table = failure.statement?.table ?? '', last: field } = nameParts(column);
  const entity = entityOf[table];
  if (entity === undefined) return null;
  const constraints = { [rule]: `${field} ${sentence}` };
  return validationFailed(entity, [{ field, constraints }], failure.cause);
}

/** Finds the column in `Column 'x'`, `column 'x'`, `Field 'x'`, and MariaDB's column `database`.`table`.`x`. */
function columnIn(text: string): string | undefined {
  const [, bare, full] = /(?:column|Column|Field) (?:'([^']+)'|(`[^`]+`(?:\.`[^`]+`)*))/.exec(text) ?? [];
  return bare ?? full;
}

const wrongValue =
  (rule: string, sentence: string): Mapping =>
  (failure) =>
    wrongField(failure, columnIn(failure.text), rule, sentence);

const valueOfWrongKind: Mapping = (failure) => {
  const column = columnIn(failure.text);
  const rule = ruleOf[nameParts(column ?? '').last] ?? 'isString';
  return wrongField(failure, column, rule, 'must be a value that its column takes');
};

/** The column that each type of flow requires. */
export const neededBy = { backup: 'repository_id', replication: 'destination_type' } as const;

/** The name of the rule in a fault's constraints, also if the database's CHECK found the fault. */
export const flowTypeConstraint = 'flowType';

/** The fault of a flow of this type without the column that it requires. */
export function flowTypeFault(type: FlowType): FieldFault {
  const field = neededBy[type];
  return { field, constraints: { [flowTypeConstraint]: `${field} must be given for a ${type} flow` } };
}

/**
 * Maps the CHECK `chk_flows_type`, which does not tell which of the two columns is missing; tables made by hand have it
 * without its name. Also maps the CHECK of a JSON column, to which MariaDB gives the column's name.
 */
const checkViolated: Mapping = (failure) => {
  if (failure.statement?.writesRows === false) return null;
  const [, name = ''] = /[`']([^`']+)[`']/.exec(failure.text) ?? [];
  const [, failedFor] = /failed for (\S+)/.exec(failure.text) ?? [];
  const table = failedFor === undefined ? failure.statement?.table : nameParts(failedFor).last;
  const column = nameParts(name).last;
  const isJson = 'must be JSON, nested less than 32 deep';
  if (ruleOf[column] === 'isJson') return wrongField(failure, `${table ?? ''}.${column}`, 'isJson', isJson);
  const isFlowType =
    name === 'chk_flows_type' ||
    (table === 'protection_flows' && /^(CONSTRAINT_\d+|protection_flows_chk_\d+)$/.test(name));
  if (!isFlowType) return null;
  return validationFailed('ProtectionFlow', flowTypes.map(flowTypeFault), failure.cause);
};

/** A unique key compares by its collation: the given text may differ from the stored one. */
const asCompared = 'as the database compares (case, accents and blanks at the end do not count)';

const duplicateKey: Mapping = ({ text, statement, cause }) => {
  const [, name = '', key = ''] = /'([^]*)' for key '([^']+)'/.exec(text) ?? [];
  if (statement?.writesRows === false) return null;
  const { last } = nameParts(key);
  const entity = entityOf[statement?.table ?? ''];
  if (last === 'PRIMARY' && entity !== undefined) {
    return new ProtectionFlowsError('ID_TAKEN', {
      message: `a row of ${statement?.table} has the id ${JSON.stringify(name)} already, ${asCompared}`,
      remedy: 'Give another id, or none: then the row gets a new one.',
      details: { entity, field: 'id', id: name },
      cause,
    });
  }
  // Tables made by hand from the platform's own SQL call the key `name`
  const isFlowName = last === 'uq_flows_name' || (last === 'name' && statement?.table === 'protection_flows');
  if (!isFlowName) return null;
  return new ProtectionFlowsError('FLOW_NAME_TAKEN', {
    message: `a flow has the name ${JSON.stringify(name)} already, ${asCompared}`,
    remedy: 'Choose another name, or change the flow that has it.',
    details: { field: 'name', name },
    cause,
  });
};

const foreignKeyClause =
  /`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY \(`([^`]+)`\) REFERENCES (?:`[^`]+`\.)?`([^`]+)`/;

/** Maps a foreign key that refuses a row without parent, or the deletion of a parent that has rows. */
const refusedByKey =
  (
    code: 'REFERENCE_NOT_FOUND' | 'STILL_REFERENCED',
    say: (table: string, field: string, references: string) => { message: string; remedy: string },
  ): Mapping =>
  ({ text, statement, cause }) => {
    const [, table = '', key = '', field = '', references = ''] = foreignKeyClause.exec(text) ?? [];
    if (statement?.writesRows === false || entityOf[table] === undefined) return null;
    const details = { key, table, field, references };
    return new ProtectionFlowsError(code, { ...say(table, field, references), details, cause });
  };

const referenceMissing = refusedByKey('REFERENCE_NOT_FOUND', (_table, field, references) => ({
  message: `${field} names a row of ${references} that does not exist`,
  remedy: `Give ${field} the id of a row of ${references} that exists.`,
}));

const stillReferenced = refusedByKey('STILL_REFERENCED', (table, field, references) => ({
  message: `the row of ${references} is in use: rows of ${table} refer to it by ${field}`,
  remedy: `Give those rows of ${table} another ${field}, or delete them, and try again.`,
}));

/** Maps a missing table of this package to MIGRATION_PENDING; other missing tables are not mapped. */
const ownTableMissing: Mapping = ({ text, cause }) => {
  const [, name = ''] = /'([^']+)'/.exec(text) ?? [];
  const { table: database, last: table } = nameParts(name);
  if (entityOf[table] === undefined && !flowRecordTables.some((own) => own === table)) return null;
  return new ProtectionFlowsError('MIGRATION_PENDING', {
    message: `the table ${table} does not exist${database === undefined ? '' : ` in the database ${database}`}: its migrations have not been run`,
    remedy: 'Run protection-flows migrate; if the tables are elsewhere, correct the connection.',
    details: { table, database },
    cause,
  });
};

/** What the server's error numbers mean for rows of this package's two tables. Each returns null for any other table. */
const rowErrors: RowErrors = [
  [wrongValue('isDefined', 'should not be null or undefined'), 1048, 1364],
  [wrongValue('maxLength', 'must not be longer than its column'), 1406],
  [wrongValue('max', 'must not be out of the range of its column'), 1264],
  // MySQL: 3140, no JSON
  [valueOfWrongKind, 1265, 1292, 1366, 3140],
  // MySQL: 3819; MariaDB: 4025
  [checkViolated, 3819, 4025],
  [duplicateKey, 1062],
  [ownTableMissing, 1146],
  [referenceMissing, 1452],
  [stillReferenced, 1451],
];

/**
 * Returns this package's error for an error of mysql2, or for TypeORM's QueryFailedError. Null if there is none: then the
 * caller has to decide. Returns an error of this package as it is. The same error always gives the same result.
 *
 * The given error becomes the cause, without the values of its statement.
 *
 * Errors of rows are mapped only for this package's two tables, and only for statements that write rows: in DDL the same
 * numbers mean something else. A missing table of this package (1146) is MIGRATION_PENDING in any statement.
 */
export const fromServerError = (error: unknown): ground.ProtectionFlowsError | null =>
  ground.fromServerError(error, rowErrors);

/** As {@link fromServerError}, but returns an error that is not mapped itself, without the statement's values. */
export const translated = (error: unknown): unknown => ground.translated(error, rowErrors);
