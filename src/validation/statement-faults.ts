import type { QueryRunner } from 'typeorm';
import { validationFailed, type FieldFault, type ProtectionFlowsError } from '../errors';

/** One row that a statement is about to write, and what is wrong with it. */
interface JudgedRow {
  readonly entity: string;
  readonly faults: readonly FieldFault[];
}

/** So many wrong rows are named in one error; of a thousand, the rest would only hide the first. */
const maxRowsNamed = 20;

function inRow(row: number, { field, constraints }: FieldFault): FieldFault {
  const sentences = Object.entries(constraints).map(([rule, text]) => [rule, `row ${row}: ${text}`]);
  return { field, constraints: Object.fromEntries(sentences) as Record<string, string>, row };
}

/** The error for all rows of one statement; undefined when all are right. */
function errorOfRows(rows: readonly JudgedRow[]): ProtectionFlowsError | undefined {
  const wrong = rows.filter((row) => row.faults.length > 0);
  const entity = wrong[0]?.entity;
  if (entity === undefined) return undefined;
  const fields = wrong
    .filter((row) => row.entity === entity)
    .slice(0, maxRowsNamed)
    .flatMap((row) =>
      rows.length === 1 ? row.faults : row.faults.map((fault) => inRow(rows.indexOf(row) + 1, fault)),
    );
  return validationFailed(entity, fields);
}

/**
 * Gathers the rows of one statement. TypeORM announces them one after the other in a single turn of the event loop and
 * then waits for all the promises it got; so a verdict that falls one turn later knows every row.
 */
export class StatementFaults {
  private readonly pending = new WeakMap<QueryRunner, { rows: JudgedRow[]; verdict: Promise<void> }>();

  /**
   * @returns resolves when the row may be written
   * @throws VALIDATION_FAILED, naming every wrong field of every row of the statement; only where this row is wrong, so
   *   that a right statement on the same connection is not refused for another one's row
   */
  add(queryRunner: QueryRunner, row: JudgedRow): Promise<void> {
    let statement = this.pending.get(queryRunner);
    if (!statement) {
      const verdict = Promise.resolve().then(() => void this.pending.delete(queryRunner));
      statement = { rows: [], verdict };
      this.pending.set(queryRunner, statement);
    }
    const { rows, verdict } = statement;
    rows.push(row);
    const judged = verdict.then(() => {
      if (row.faults.length > 0) throw errorOfRows(rows);
    });
    // Where another subscriber throws at once, TypeORM never waits for this promise: it must not end the process
    judged.catch(() => undefined);
    return judged;
  }
}
