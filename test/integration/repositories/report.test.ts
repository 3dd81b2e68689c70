import { nextRuns } from '../../../src/schedule';
import { createExecution } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

/** Stores a run with this start and duration in seconds. */
async function ran(flow_id: string, started: string, seconds: number, columns: object = {}): Promise<void> {
  const started_at = new Date(started);
  const completed_at = new Date(started_at.getTime() + seconds * 1000);
  await createExecution(layer.dataSource.manager, {
    flow_id,
    status: 'success',
    started_at,
    completed_at,
    execution_time_seconds: seconds,
    bytes_transferred: 1_000,
    ...columns,
  });
}
const newFlow = async (name?: string): Promise<string> =>
  (await layer.repositories.flows.create(layer.newFlow(name === undefined ? {} : { name }))).id;
const report = (...given: Parameters<typeof layer.repositories.flows.report>) =>
  layer.repositories.flows.report(...given);

// Guards that a report shows no runs of another day, rates only ended runs, and holds no formula in a name.
describe('a report', () => {
  it('counts the runs of each day with their results and durations', async () => {
    const flow = await newFlow();
    for (let n = 1; n <= 20; n += 1) await ran(flow, '2026-02-01T03:00:00Z', n * 10);
    await ran(flow, '2026-02-01T04:00:00Z', 5, { status: 'error', bytes_transferred: 7 });
    await ran(flow, '2026-02-01T05:00:00Z', 5, { status: 'warning' });
    await ran(flow, '2026-02-01T06:00:00Z', 1, { status: 'cancelled' });
    // As the hub writes a run under way
    await ran(flow, '2026-02-01T07:00:00Z', 0, { status: 'running', completed_at: null });
    await ran(flow, '2026-02-03T23:59:59Z', 60);
    await ran(flow, '2026-02-04T00:00:00Z', 60);
    const rows = await report({ from: day('2026-02-01'), to: day('2026-02-04') });
    expect(rows.map(({ key, name, runs }) => [key, name, runs])).toEqual([
      ['2026-02-01', '2026-02-01', 24],
      ['2026-02-02', '2026-02-02', 0],
      ['2026-02-03', '2026-02-03', 1],
    ]);
    expect(rows[0]).toEqual({
      key: '2026-02-01',
      name: '2026-02-01',
      from: day('2026-02-01'),
      to: day('2026-02-02'),
      runs: 24,
      successful: 20,
      warning: 1,
      failed: 1,
      cancelled: 1,
      successRate: 20 / 22,
      averageSeconds: Math.round((2_100 + 5 + 5 + 1) / 23),
      medianSeconds: 90,
      p95Seconds: 190,
      bytesTransferred: 23_007,
    });
    expect(rows[1]).toMatchObject({
      successRate: null,
      averageSeconds: null,
      medianSeconds: null,
      p95Seconds: null,
      bytesTransferred: 0,
    });
  });

  it('begins days, weeks and months at midnight of its time zone, also on days of 23 and of 25 hours', async () => {
    const flow = await newFlow();
    // 00:30 on the day of 23 hours, and the last half hour of the day before
    await ran(flow, '2025-03-29T23:30:00Z', 1);
    await ran(flow, '2025-03-29T22:30:00Z', 1);
    // Both 02:30 of the day of 25 hours, and 23:30
    for (const at of ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z', '2025-10-26T22:30:00Z'])
      await ran(flow, at, 1);
    const timeZone = 'Europe/Berlin';
    const hours = ({ from, to }: { from: Date; to: Date }) => (to.getTime() - from.getTime()) / 3_600_000;
    const march = await report({
      from: new Date('2025-03-28T23:00:00Z'),
      to: new Date('2025-03-31T22:00:00Z'),
      timeZone,
    });
    expect(march.map((row) => [row.key, row.runs, hours(row)])).toEqual([
      ['2025-03-29', 1, 24],
      ['2025-03-30', 1, 23],
      ['2025-03-31', 0, 24],
    ]);
    const october = {
      from: new Date('2025-10-25T22:00:00Z'),
      to: new Date('2025-10-28T12:00:00Z'),
      timeZone,
    };
    expect((await report(october)).map((row) => [row.key, row.runs, hours(row)])).toEqual([
      ['2025-10-26', 3, 25],
      ['2025-10-27', 0, 24],
      ['2025-10-28', 0, 13],
    ]);
    const weeks = await report({ ...october, by: 'week' });
    expect(weeks.map((row) => [row.key, row.runs])).toEqual([
      ['2025-10-20', 3],
      ['2025-10-27', 0],
    ]);
    const months = await report({ from: day('2025-03-15'), to: day('2025-05-01'), by: 'month', timeZone });
    expect(months.map((row) => [row.key, row.runs])).toEqual([
      ['2025-03', 2],
      ['2025-04', 0],
      ['2025-05', 0],
    ]);
    // A zone whose day begins at 01:00 once a year
    const santiago = await report({
      from: day('2025-09-06'),
      to: day('2025-09-09'),
      timeZone: 'America/Santiago',
    });
    expect(santiago.map((row) => [row.key, row.from.toISOString()])).toEqual([
      ['2025-09-05', '2025-09-06T00:00:00.000Z'],
      ['2025-09-06', '2025-09-06T04:00:00.000Z'],
      ['2025-09-07', '2025-09-07T04:00:00.000Z'],
      ['2025-09-08', '2025-09-08T03:00:00.000Z'],
    ]);
  });

  it('does not use time zones of the server, and accepts a whole year of days', async () => {
    const from = day('2024-01-01');
    const to = new Date(from.getTime() + 400 * 86_400_000);
    const rows = await report({ from, to, timeZone: 'Asia/Kolkata' });
    expect(rows).toHaveLength(401);
    const midnights = nextRuns({ cron_expression: '0 0 * * *', timezone: 'Asia/Kolkata' }, from, 400);
    expect(rows.slice(1).map((row) => row.from)).toEqual(midnights);
    const longer = new Date(to.getTime() + 1_000);
    for (const wrong of [
      { from, to: longer },
      { from, to: from },
      { from: to, to: from },
    ])
      await expect(report(wrong)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        details: { fields: [{ field: 'to' }] },
      });
  });

  it('has the stored id of the flow as its key, however its runs spell the id', async () => {
    const flow = await newFlow();
    await ran(flow.toUpperCase(), '2026-03-01T00:00:00Z', 30);
    await ran(flow, '2026-03-01T01:00:00Z', 30);
    const rows = await report({ from: day('2026-03-01'), to: day('2026-03-02'), by: 'flow' });
    expect(rows).toMatchObject([{ key: flow, runs: 2 }]);
  });

  it('names the flows, and as CSV holds no formula and no broken line', async () => {
    const names = ['=1+1', '+2', '-3', '@SUM(A1)', 'A "quoted", name', 'Z plain'];
    for (const name of names) await ran(await newFlow(name), '2026-04-01T00:00:00Z', 30);
    const options = { from: day('2026-04-01'), to: day('2026-04-02'), by: 'flow' } as const;
    const rows = await report(options);
    expect(rows.map((row) => row.name).sort()).toEqual([...names].sort());
    const csv = await layer.repositories.flows.reportCsv(options);
    const lines = csv.split('\r\n');
    expect(lines.shift()).toBe(
      'key,name,from,to,runs,successful,warning,failed,cancelled,success_rate,average_seconds,median_seconds,p95_seconds,bytes_transferred',
    );
    expect(lines.pop()).toBe('');
    const window = '2026-04-01T00:00:00.000Z,2026-04-02T00:00:00.000Z';
    const tail = `${window},1,1,0,0,0,1,30,30,30,1000`;
    const cells = lines.map((line) => line.slice(line.indexOf(',') + 1));
    expect(cells.sort()).toEqual(
      [`'=1+1`, `'+2`, `'-3`, `'@SUM(A1)`, '"A ""quoted"", name"', 'Z plain']
        .map((name) => `${name},${tail}`)
        .sort(),
    );
    expect(csv.match(/\r?\n/g)).toEqual(Array.from({ length: 7 }, () => '\r\n'));
  });

  // A spreadsheet uses the separator of its country; with another one than ours, the quotes are inside its cells
  it('holds no formula as CSV, whichever characters separate the cells', async () => {
    const signs = ['=', '+', '-', '@', '\uFF1D'];
    const befores = ['', ' ', '\t', '\n', '\r', 'a;', 'a; ', 'a\t', 'a\r\n', ';"', 'a"\n"'];
    const names = befores.flatMap((before) => signs.map((sign) => `${before}${sign}1;b ${sign} c`));
    for (const [at, name] of names.entries()) {
      const flow = await newFlow('to be named');
      await ran(flow, '2026-05-01T00:00:00Z', 30);
      // By SQL, because the package accepts no control character in a name
      await layer.database.session.query('UPDATE protection_flows SET name = ? WHERE id = ?', [
        `${name}${at}`,
        flow,
      ]);
    }
    const options = { from: day('2026-05-01'), to: day('2026-05-02'), by: 'flow' } as const;
    const csv = await layer.repositories.flows.reportCsv(options);
    const cells = csv.split(/[,;\t\r\n]/);
    expect(cells.filter((cell) => /^["\s]*[=+\-@\uFF1D]/.test(cell))).toEqual([]);
    // Signs in the middle of a name stay unchanged
    expect(csv.match(/;b = c/g)).toHaveLength(befores.length);
  });
});
