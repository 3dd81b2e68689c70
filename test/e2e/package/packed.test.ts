import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { installInto, packInto } from '../../support/package-project';
import { packageFolder, runProgram, type ProgramEnd } from '../../support/run-program';

const commonJs = `
const { dataSource } = require('@sendense/protection-flows/data-source');
const { ProtectionFlow, isProtectionFlowsError } = require('@sendense/protection-flows');
(async () => {
  await dataSource.initialize();
  const flows = dataSource.getRepository(ProtectionFlow);
  const flow = await flows.save({ name: 'cjs', flow_type: 'replication', target_type: 'vm', target_id: 'vm-1', destination_type: 'ossea' });
  const error = await flows.save({ name: 'wrong', flow_type: 'backup', target_type: 'vm', target_id: 'vm-1' }).catch((e) => e);
  const rulesLoaded = Object.keys(require.cache).some((file) => file.includes('libphonenumber'));
  const [fault] = require('class-validator').validateSync(Object.assign(new ProtectionFlow(), { name: 1 }), { skipMissingProperties: true });
  console.log(JSON.stringify({
    found: await flows.countBy({ id: flow.id }), refused: isProtectionFlowsError(error, 'VALIDATION_FAILED'), rulesLoaded, fault: fault.property,
  }));
  await dataSource.destroy();
})();
`;

const esModule = `
import { createRequire } from 'node:module';
import { dataSource } from '@sendense/protection-flows/data-source';
import { ProtectionFlow, ProtectionFlowsError } from '@sendense/protection-flows';
import * as engine from '@sendense/protection-flows/engine';
import { metrics } from '@sendense/protection-flows/metrics';
await dataSource.initialize();
const flows = dataSource.getRepository(ProtectionFlow);
const flow = await flows.save({ name: 'esm', flow_type: 'replication', target_type: 'vm', target_id: 'vm-1', destination_type: 'ossea' });
const sameClass =
  createRequire(import.meta.url)('@sendense/protection-flows').ProtectionFlow === ProtectionFlow &&
  engine.ProtectionFlowsError === ProtectionFlowsError;
const { flows: watched } = await metrics(dataSource, { flowIds: [flow.id] });
console.log(JSON.stringify({ found: watched.length, sameClass }));
await dataSource.destroy();
`;

/** NestJS 11 has CommonJS; test/e2e/nestjs has NestJS 12. */
const nestJs = `
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FlowRepository } = require('@sendense/protection-flows');
const { ProtectionFlowsModule } = require('@sendense/protection-flows/nestjs');
class App {}
Module({ imports: [ProtectionFlowsModule.forRoot()] })(App);
(async () => {
  const app = await NestFactory.createApplicationContext(App, { logger: ['error', 'warn'] });
  const { items } = await app.get(FlowRepository).list();
  console.log(JSON.stringify({ nestjs: require('@nestjs/common/package.json').version.split('.')[0], found: Array.isArray(items) }));
  await app.close();
})();
`;

const typed = `
import { dataSource } from '@sendense/protection-flows/data-source';
import { ProtectionFlow, ProtectionFlowExecution, migrate, verify, type VerifyReport } from '@sendense/protection-flows';
import { metrics, type Metrics } from '@sendense/protection-flows/metrics';
import { startPrivateServer, rolledBack } from '@sendense/protection-flows/testing';
export async function first(): Promise<VerifyReport> {
  await migrate(dataSource);
  const flow: ProtectionFlow = await dataSource.getRepository(ProtectionFlow).findOneByOrFail({ enabled: true });
  const bytes: number = (await dataSource.getRepository(ProtectionFlowExecution).findOneByOrFail({ flow_id: flow.id })).bytes_transferred;
  // @ts-expect-error an unknown status
  await dataSource.getRepository(ProtectionFlow).findBy({ last_execution_status: 'done' });
  const { flows: [watched] }: Metrics = await metrics(dataSource);
  const overdue: Date | null | undefined = watched?.overdueSince;
  void [bytes, overdue, startPrivateServer, rolledBack];
  return verify(dataSource);
}
`;

/** Guards the package that users install: the packed tarball, imported as a dependency in both module systems, with its types. */
describe('the packed package', () => {
  const database = useDatabase({ platform: 'mixed' });
  useDataSource(database);
  let project: string;
  let tarball: string;

  const run = (command: string, args: string[]): Promise<ProgramEnd> =>
    runProgram(command, args, { cwd: project, env: { DATABASE_URL: database.url } });

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'pflows-consumer-'));
    tarball = await packInto(project);
    await installInto(project, tarball);
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('contains the build, and no sources, tests or configuration', async () => {
    const files = await readdir(join(project, 'node_modules/@sendense/protection-flows'));
    expect(files.sort()).toEqual(
      [
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'LICENSE',
        'README.md',
        'dist',
        'docs',
        'examples',
        'ormconfig.example.json',
        'package.json',
      ].sort(),
    );
  });

  it('is smaller than 570 kB', async () => {
    expect((await stat(tarball)).size / 1000).toBeLessThan(570);
  });

  it.each([
    ['publint', 'publint/src/cli.js', '--strict'],
    ['are-the-types-wrong', '@arethetypeswrong/cli/dist/index.js', '--format=ascii'],
  ])('passes %s without a fault', async (_name, program, option) => {
    const judge = join(packageFolder, 'node_modules', program);
    const { exitCode, output } = await run(process.execPath, [judge, option, tarball]);
    expect({ exitCode, output: exitCode === 0 ? '' : output }).toEqual({ exitCode: 0, output: '' });
  });

  // The index of class-validator loads every rule, and also knows the rules of the entities
  it('answers a first query from a CommonJS program, and applies the class-validator rules', async () => {
    await writeFile(join(project, 'program.js'), commonJs);
    const end = await run(process.execPath, ['program.js']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(end.stdout)).toEqual({ found: 1, refused: true, rulesLoaded: false, fault: 'name' });
  });

  it('answers a first query from an ES module, with the same classes', async () => {
    await writeFile(join(project, 'program.mjs'), esModule);
    const end = await run(process.execPath, ['program.mjs']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(end.stdout)).toEqual({ found: 1, sameClass: true });
  });

  it('serves an application on NestJS 11', async () => {
    await writeFile(join(project, 'nest.js'), nestJs);
    const end = await run(process.execPath, ['nest.js']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(end.stdout)).toEqual({ nestjs: '11', found: true });
  });

  it.each(['node16', 'bundler', 'node10'])(
    'has types with which a strict program compiles (%s)',
    async (resolution) => {
      await writeFile(join(project, 'typed.ts'), typed);
      await cp(join(packageFolder, 'test/types'), join(project, 'types'), { recursive: true });
      const promised = (await readdir(join(project, 'types'))).map((name) => `types/${name}`);
      const module = resolution === 'node16' ? 'node16' : resolution === 'bundler' ? 'esnext' : 'commonjs';
      const silence = resolution === 'node10' ? ['--ignoreDeprecations', '6.0'] : [];
      const flags = [
        '--noEmit',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--target',
        'es2022',
        '--skipLibCheck',
        '--experimentalDecorators',
        '--types',
        'node',
      ];
      const tsc = join(packageFolder, 'node_modules/typescript/bin/tsc');
      const end = await run(process.execPath, [
        tsc,
        ...flags,
        '--module',
        module,
        '--moduleResolution',
        resolution,
        ...silence,
        'typed.ts',
        ...promised,
      ]);
      expect(end.output).toBe('');
    },
  );

  it('installs a command line that runs', async () => {
    const bin = 'node_modules/@sendense/protection-flows/dist/cli/main.js';
    const end = await run(process.execPath, [bin, 'verify', '--json']);
    expect(JSON.parse(end.stdout)).toMatchObject({ ok: true, verdict: 'proven' });
  });
});
