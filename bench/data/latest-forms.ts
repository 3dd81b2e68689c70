import type { Flavour } from '../../src/engine/server/server';
import { executionColumns } from './contestants/floor-sql';

/** A statement that selects the newest run of each of several flows. */
export interface LatestForm {
  readonly name: string;
  /** With one `?`, for the list of ids. */
  readonly sql: string;
}

const select = `SELECT ${executionColumns} FROM protection_flow_executions e`;
const newest =
  'SELECT x.id FROM protection_flow_executions x WHERE x.flow_id = f.id ORDER BY x.created_at DESC, x.id DESC LIMIT 1';

const everywhere: readonly LatestForm[] = [
  {
    name: 'subquery that depends on the flow',
    sql: `${select} JOIN protection_flows f ON e.id = (${newest}) WHERE f.id IN (?)`,
  },
  {
    name: 'the same, flows by their primary key',
    sql: `${select} JOIN protection_flows f FORCE INDEX (PRIMARY) ON e.id = (${newest}) WHERE f.id IN (?)`,
  },
  {
    name: 'the same in a derived table',
    sql: `${select} JOIN (SELECT (${newest}) AS id FROM protection_flows f WHERE f.id IN (?)) n ON n.id = e.id`,
  },
  {
    name: 'GROUP BY for the time, again for the id',
    sql: `${select} JOIN (
        SELECT MAX(x.id) AS id FROM protection_flow_executions x JOIN (
          SELECT flow_id, MAX(created_at) AS newest FROM protection_flow_executions WHERE flow_id IN (?) GROUP BY flow_id
        ) t ON x.flow_id = t.flow_id AND x.created_at = t.newest GROUP BY x.flow_id
      ) n ON n.id = e.id`,
  },
  {
    name: 'GROUP BY for the time, all runs of that second',
    sql: `${select} JOIN (
        SELECT flow_id, MAX(created_at) AS created_at FROM protection_flow_executions WHERE flow_id IN (?) GROUP BY flow_id
      ) n ON n.flow_id = e.flow_id AND n.created_at = e.created_at`,
  },
  {
    name: 'ROW_NUMBER() over all runs',
    sql: `${select} JOIN (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY flow_id ORDER BY created_at DESC, id DESC) AS place
          FROM protection_flow_executions WHERE flow_id IN (?)
      ) n ON n.id = e.id AND n.place = 1`,
  },
  {
    name: 'NOT EXISTS a newer one',
    sql: `${select} WHERE e.flow_id IN (?) AND NOT EXISTS (
        SELECT 1 FROM protection_flow_executions x WHERE x.flow_id = e.flow_id
           AND (x.created_at > e.created_at OR (x.created_at = e.created_at AND x.id > e.id)))`,
  },
];

const withLateral: readonly LatestForm[] = [
  {
    name: 'LATERAL for the id, then the run',
    sql: `${select} JOIN (SELECT n.id FROM protection_flows f, LATERAL (${newest}) n WHERE f.id IN (?)) n ON n.id = e.id`,
  },
  {
    name: 'LATERAL for the whole run',
    sql: `SELECT ${executionColumns} FROM protection_flows f, LATERAL (
        SELECT x.* FROM protection_flow_executions x WHERE x.flow_id = f.id ORDER BY x.created_at DESC, x.id DESC LIMIT 1
      ) e WHERE f.id IN (?)`,
  },
];

/** The statements that a server supports. MariaDB 10.11 has no LATERAL. */
export function latestForms(flavour: Flavour): readonly LatestForm[] {
  return flavour === 'mysql' ? [...everywhere, ...withLateral] : everywhere;
}

/** One SELECT for each flow, all in one statement. */
export function unionForm(count: number): string {
  const one = `(SELECT ${executionColumns} FROM protection_flow_executions e WHERE e.flow_id = ? ORDER BY e.created_at DESC, e.id DESC LIMIT 1)`;
  return Array.from({ length: count }, () => one).join(' UNION ALL ');
}

/** The statement for a single flow. */
export const single = `${select} WHERE e.flow_id = ? ORDER BY e.created_at DESC, e.id DESC LIMIT 1`;
