import { isOwnRun, writerMark } from '../driver/own-marks';
import type { Guards } from '../engine/subject/parts';

const lines = (...text: readonly string[]): string => text.join('\n');

/**
 * True for a session of a program that does not know this package: the platform's hub, or a person's client. Not IS NULL:
 * MySQL evaluates IS NULL once per opened table, which sessions share, and then took the hub for this package (seen on 9.7).
 */
const isForeign = `NOT (${writerMark} <=> 1)`;

/**
 * True within the statement whose trigger counts a run in its flow: NOW(6) is the same in all of a statement and in no
 * later one. A mark that the trigger had to reset would stay after a KILL QUERY, which no handler sees.
 */
const counting = '@sendense_flow_counting';
const begins = `SET ${counting} = NOW(6);`;
const isCounting = `${counting} <=> NOW(6)`;

/** True for a run that only this package may end. */
const isOurs = isOwnRun('OLD');

const kept = [
  'status',
  'started_at',
  'completed_at',
  'execution_time_seconds',
  'jobs_completed',
  'jobs_failed',
  'jobs_skipped',
  'vms_processed',
  'bytes_transferred',
  'error_message',
];

/** Whether a flow's last_* show the run: if it began last. A run that never began shows only if no run is under way. */
const isShown = (begun: string): string =>
  `(${begun} OR last_execution_id <=> NEW.id OR (NEW.started_at IS NULL AND last_execution_status <> 'running'))`;

/** Counts the run in its flow. An UPDATE of one table assigns from left to right, so the id, which the others read, is last. */
const count = (begun: string, shown: string): string =>
  lines(
    `      ${begins}`,
    '      UPDATE protection_flows',
    `         SET total_executions = total_executions + ${begun},`,
    "             successful_executions = successful_executions + (NEW.status = 'success' AND NEW.started_at IS NOT NULL),",
    "             failed_executions = failed_executions + (NEW.status = 'error' AND NEW.started_at IS NOT NULL),",
    `             last_execution_time = IF(${shown}, CURRENT_TIMESTAMP, last_execution_time),`,
    `             last_execution_status = IF(${shown}, NEW.status, last_execution_status),`,
    `             last_execution_id = IF(${shown}, NEW.id, last_execution_id)`,
    '       WHERE id = NEW.flow_id;',
  );

/**
 * Makes it safe for the platform's hub to write the two tables beside this package. The hub does not guard its writes: it
 * ends runs that are over, counts from values that it has read before, and knows no schedule's next time.
 *
 * An outdated UPDATE of the hub has no effect and gives no error: the hub takes an error there for a lost database. A second
 * run of a flow gives an error (1062), at the hub's first statement, before it asks for jobs.
 *
 * Times are the server's: the hub may have another time zone. Cascades fire no triggers, so deleting a flow or a parent
 * works as before. A trigger that also counted this package's runs would fail (1442): the package ends a run in one
 * statement with its flow.
 */
export const guards: Guards = {
  mark: writerMark,
  triggers: [
    {
      table: 'protection_flow_executions',
      name: 'sendense_flow_guard_begin',
      when: 'BEFORE INSERT',
      body: lines(
        'BEGIN',
        `  IF ${isForeign} THEN`,
        "    IF NEW.status = 'running' THEN SET NEW.started_at = CURRENT_TIMESTAMP; END IF;",
        "    IF NEW.status <> 'pending' AND NEW.started_at IS NOT NULL THEN",
        count('1', "NEW.status = 'running'"),
        '    END IF;',
        '  END IF;',
        'END',
      ),
    },
    {
      table: 'protection_flow_executions',
      name: 'sendense_flow_guard_end',
      when: 'BEFORE UPDATE',
      body: lines(
        'BEGIN',
        `  IF ${isForeign} THEN`,
        "    IF OLD.status = 'running' AND NEW.status = 'pending' THEN SET NEW.status = OLD.status; END IF;",
        '    IF OLD.started_at IS NOT NULL THEN SET NEW.started_at = OLD.started_at; END IF;',
        `    IF OLD.status NOT IN ('pending', 'running') OR ${isOurs} THEN`,
        `      SET ${kept.map((column) => `NEW.${column} = OLD.${column}`).join(', ')},`,
        '        NEW.jobs_created = GREATEST(OLD.jobs_created, NEW.jobs_created),',
        '        NEW.created_job_ids = COALESCE(OLD.created_job_ids, NEW.created_job_ids);',
        '    ELSEIF NEW.status <> OLD.status THEN',
        "      IF NEW.status = 'running' THEN",
        '        SET NEW.started_at = CURRENT_TIMESTAMP;',
        '      ELSE',
        '        SET NEW.completed_at = CURRENT_TIMESTAMP,',
        '          NEW.execution_time_seconds = GREATEST(0, UNIX_TIMESTAMP() - UNIX_TIMESTAMP(NEW.started_at));',
        '      END IF;',
        count('(OLD.started_at IS NULL AND NEW.started_at IS NOT NULL)', isShown("NEW.status = 'running'")),
        '    END IF;',
        '  END IF;',
        'END',
      ),
    },
    {
      table: 'protection_flows',
      name: 'sendense_flow_guard_flow',
      when: 'BEFORE UPDATE',
      body: lines(
        'BEGIN',
        `  IF ${isForeign} AND NOT (${isCounting}) THEN`,
        '    SET NEW.total_executions = OLD.total_executions,',
        '      NEW.successful_executions = OLD.successful_executions,',
        '      NEW.failed_executions = OLD.failed_executions,',
        '      NEW.last_execution_id = OLD.last_execution_id,',
        '      NEW.last_execution_status = OLD.last_execution_status,',
        '      NEW.last_execution_time = OLD.last_execution_time;',
        '    IF NOT (NEW.schedule_id <=> OLD.schedule_id AND NEW.enabled <=> OLD.enabled) THEN',
        '      SET NEW.next_execution_time = NULL;',
        '    END IF;',
        '  END IF;',
        'END',
      ),
    },
  ],
  columns: [
    {
      table: 'protection_flow_executions',
      name: 'running_flow_id',
      type: 'varchar(64)',
      expression: "IF(status = 'running', flow_id, NULL)",
      index: 'uq_executions_running',
      row: { status: 'running' },
      repair: {
        title:
          'Ends all runs of a flow with error, except the one that began last. Check first which runs are still under way.',
        statements: [
          `UPDATE protection_flow_executions e JOIN (SELECT id, ROW_NUMBER() OVER (PARTITION BY flow_id ORDER BY created_at DESC, id DESC) AS place FROM protection_flow_executions WHERE status = 'running') r ON r.id = e.id AND r.place > 1 SET e.status = 'error', e.completed_at = CURRENT_TIMESTAMP, e.error_message = 'Another run of the flow was under way'`,
        ],
      },
    },
  ],
};
