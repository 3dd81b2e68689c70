import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { isProtectionFlowsError, ProtectionFlowsDataSource } from '@sendense/protection-flows';
import { createDashboard } from '@sendense/protection-flows/dashboard';
import { AppModule } from './app.module';
import { setUpOpenApi } from './openapi';

const loopback = '127.0.0.1';
const defaultPort = 3000;

/** Starts the API on PORT (0: any free port) and prints its addresses. */
async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
    bodyParser: false,
  });
  // JSON only: any web page can make a visitor's browser send a form here
  app.useBodyParser('json');
  app.setGlobalPrefix('api/v1', { exclude: ['health', 'metrics'] });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  setUpOpenApi(app);
  // Without `allow` it answers only this machine
  app.use('/dashboard', createDashboard({ dataSource: app.get(ProtectionFlowsDataSource), actions: true }));
  await app.listen(Number(process.env.PORT ?? defaultPort), loopback);
  const url = await app.getUrl();
  process.stdout.write(
    `API: ${url}/api/v1/protection-flows\nDocumentation: ${url}/docs\nDashboard: ${url}/dashboard/\n`,
  );
}

main().catch((error: unknown) => {
  const text = isProtectionFlowsError(error) ? `${error.message}\n${error.remedy}` : (error as Error).stack;
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
