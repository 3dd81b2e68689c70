import { uuidv7 } from 'uuidv7';
import { executionTypes, type ExecutionStatus, type ExecutionType } from '../../../src/domain';
import type { ExecutionRow } from '../../../src/entities';
import type { ExecutionFilter, Page } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

// Guards that the page of failed runs shows each run once, and leaves none out.
describe('the list of the runs of all flows', () => {
  const flows: string[] = [];
  /** The runs in the expected order. Each began in one of a few hours, or has not begun. */
  const runs: {
    id: string;
    flow: string;
    status: ExecutionStatus;
    type: ExecutionType;
    hour: number | null;
  }[] = [];
  const statuses = ['success', 'error', 'warning', 'running', 'pending', 'cancelled'] as const;
  const began = (hour: number): Date => new Date(Date.UTC(2026, 0, 1, hour));

  beforeAll(async () => {
    const { session } = layer.database;
    for (let n = 0; n < 3; n += 1) flows.push((await layer.repositories.flows.create(layer.newFlow())).id);
    for (let n = 0; n < 36; n += 1) {
      const status = statuses[n % 6]!;
      const hour = status === 'pending' || n % 12 === 11 ? null : Math.floor(n / 5);
      const run = { id: uuidv7(), flow: flows[n % 3]!, status, type: executionTypes[n % 2]!, hour };
      await session.query(
        `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at)
         VALUES (?, ?, ?, ?, ?)`,
        [run.id, run.flow, run.status, run.type, hour === null ? null : began(hour)],
      );
      runs.push(run);
    }
    // Newest start first, within one second the newest id first; runs that have not begun come last, newest id first
    runs.sort((one, other) => (other.hour ?? -1) - (one.hour ?? -1) || (one.id < other.id ? 1 : -1));
  });

  async function walk(filter: ExecutionFilter, limit: number): Promise<string[]> {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Page<ExecutionRow> = await layer.repositories.executions.list(filter, { limit, after });
      found.push(...page.items.map((run) => run.id));
      after = page.next;
    } while (after !== null);
    return found;
  }
  type Run = (typeof runs)[number];
  const since = (run: Run, from: number, before: number): boolean =>
    run.hour !== null && run.hour >= from && run.hour < before;

  it.each([1, 5, 36, 100])('is the same in pages of %i', async (limit) => {
    expect(await walk({}, limit)).toEqual(runs.map(({ id }) => id));
  });

  it.each<[string, () => ExecutionFilter, (run: Run) => boolean]>([
    ['one status', () => ({ status: 'error' }), ({ status }) => status === 'error'],
    ['pending', () => ({ status: ['pending'] }), ({ status }) => status === 'pending'],
    [
      'several statuses',
      () => ({ status: ['error', 'warning', 'cancelled', 'error'] }),
      ({ status }) => ['error', 'warning', 'cancelled'].includes(status),
    ],
    ['a flow', () => ({ flow_id: flows[1] }), (run) => run.flow === flows[1]],
    ['a type', () => ({ execution_type: 'manual' }), ({ type }) => type === 'manual'],
    ['the earliest start', () => ({ startedFrom: began(2) }), (run) => since(run, 2, 99)],
    [
      'a range of starts',
      () => ({ startedFrom: began(2), startedBefore: began(5) }),
      (run) => since(run, 2, 5),
    ],
    [
      'several columns at once',
      () => ({ status: ['success', 'running'], flow_id: flows[0], startedBefore: began(6) }),
      (run) => run.flow === flows[0] && ['success', 'running'].includes(run.status) && since(run, 0, 6),
    ],
    ['an unknown flow', () => ({ flow_id: 'none' }), () => false],
  ])('is filtered by %s', async (_title, filter, holds) => {
    const expected = runs.filter(holds).map(({ id }) => id);
    expect(await walk(filter(), 3)).toEqual(expected);
    const { total } = await layer.repositories.executions.list(filter(), { limit: 1, total: true });
    expect(total).toBe(expected.length);
  });

  it.each<[string, () => ExecutionFilter]>([
    ['another filter', () => ({ status: 'error' })],
    ['another time', () => ({ startedFrom: began(1) })],
    ['no filter', () => ({})],
  ])('refuses a cursor of a list with %s', async (_title, filter) => {
    const { executions } = layer.repositories;
    const { next } = await executions.list(filter(), { limit: 1 });
    const refusal = { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'after' }] } };
    await expect(executions.list({ startedFrom: began(0) }, { after: next })).rejects.toMatchObject(refusal);
    await expect(executions.history(flows[0]!, { after: next })).rejects.toMatchObject(refusal);
    const other = await executions.history(flows[0]!, { limit: 1 });
    await expect(executions.history(flows[1]!, { after: other.next })).rejects.toMatchObject(refusal);
  });

  it.each<[string, unknown, string]>([
    ['an unknown status', { status: 'done' }, 'status'],
    ['an empty list of statuses', { status: [] }, 'status'],
    ['an unknown status among others', { status: ['error', 'done'] }, 'status'],
    ['a time that is a text', { startedFrom: '2026-01-01' }, 'startedFrom'],
    ['an unknown filter', { created_by: 'me' }, 'created_by'],
  ])('refuses %s', async (_title, filter, field) => {
    await expect(layer.repositories.executions.list(filter as ExecutionFilter)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field }] },
    });
  });
});
