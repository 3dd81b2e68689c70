import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ExecutionRepository, FlowRepository } from '@sendense/protection-flows';
import { executionResponse } from '../executions/execution.response';
import { ApiFaults } from '../faults/fault.response';
import { SummaryQuery } from '../flows/flow-queries';
import { summaryResponse } from '../flows/summary.response';
import { DashboardResponse, ReportQuery, ReportResponse, reportResponse } from './report.dto';

const weekMs = 7 * 86_400_000;

/** Reports about runs. */
@ApiTags('reports')
@Controller('protection-flows')
export class ReportsController {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
  ) {}

  @Get('report')
  @ApiOperation({ summary: 'The results of runs by day, week, month or flow; also as CSV' })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: ReportResponse })
  @ApiFaults(400)
  async report(
    @Query() { format, time_zone: timeZone, ...window }: ReportQuery,
    @Res({ passthrough: true }) response: { setHeader(name: string, value: string): void },
  ): Promise<ReportResponse | string> {
    const options = { ...window, timeZone };
    if (format !== 'csv') return reportResponse(await this.flows.report(options));
    const csv = await this.flows.reportCsv(options);
    response.setHeader('content-type', 'text/csv; charset=utf-8');
    response.setHeader('content-disposition', 'attachment; filename="report.csv"');
    return csv;
  }

  @Get('dashboard')
  @ApiOperation({ summary: 'Counts, runs under way, the last seven days, the last ten runs' })
  @ApiOkResponse({ type: DashboardResponse })
  @ApiFaults(400)
  async dashboard(@Query() { time_zone: timeZone }: SummaryQuery): Promise<DashboardResponse> {
    const to = new Date(Date.now() + 1_000);
    const from = new Date(to.getTime() - weekMs);
    const [summary, running, rows, recent] = await Promise.all([
      this.flows.summary({ timeZone }),
      this.executions.listRunning(),
      this.flows.report({ from, to, timeZone }),
      this.executions.list({}, { limit: 10 }),
    ]);
    const progress = await this.executions.progress([...new Set(running.map((run) => run.flow_id))]);
    return {
      summary: summaryResponse(summary),
      executions_running: running.length,
      jobs_running: [...progress.values()].reduce((sum, { jobs, jobsOver }) => sum + jobs - jobsOver, 0),
      days: reportResponse(rows).rows,
      recent_activity: recent.items.map(executionResponse),
    };
  }
}
