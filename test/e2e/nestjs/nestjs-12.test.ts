import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { packageFolder, runProgram, type ProgramEnd } from '../../support/run-program';
import { sharedServer } from '../../support/shared-server';
import { temporaryFolder } from '../../support/temporary-folder';
import { makeNestJs12Project } from './nestjs-12-project';

/** One program for both module systems and both HTTP adapters. */
const program = `
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Param, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import {
  entities,
  ExecutionRepository,
  FlowRepository,
  ProtectionFlow,
  ProtectionFlowsDataSource,
  subscribers,
  type WorkerRun,
} from '@sendense/protection-flows';
import { dataSource } from '@sendense/protection-flows/data-source';
import {
  httpStatusOf,
  OnFlowDue,
  ProtectionFlowsExceptionFilter,
  ProtectionFlowsModule,
  type ProtectionFlowsModuleOptions,
  type ProtectionFlowsOptionsFactory,
} from '@sendense/protection-flows/nestjs';

const given = JSON.parse(process.env.OWN_CONNECTION ?? '');

@Injectable()
class Settings implements ProtectionFlowsOptionsFactory {
  createProtectionFlowsOptions(): ProtectionFlowsModuleOptions {
    // @ts-expect-error an unknown option
    const wrong: ProtectionFlowsModuleOptions = { migrationRun: true };
    void wrong;
    return { migrationsRun: false, retryAttempts: 0 };
  }
}

let ran: (flow: string) => void = () => undefined;

@Injectable()
class Runner {
  @OnFlowDue({ pollMs: 50 })
  async run({ flow }: WorkerRun): Promise<void> {
    ran(flow.name);
  }
}

@Controller('flows')
class FlowController implements OnApplicationShutdown {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
    private readonly protection: ProtectionFlowsDataSource,
    @InjectRepository(ProtectionFlow) private readonly own: Repository<ProtectionFlow>,
    private readonly ownDataSource: DataSource,
  ) {}

  @Get('new/:name')
  async create(@Param('name') name: string) {
    const flow = { name, flow_type: 'replication', target_type: 'vm', target_id: 'vm-1', destination_type: 'ossea' } as const;
    const { id } = await this.flows.create(flow);
    const done = new Promise<string>((resolve) => (ran = resolve));
    await this.executions.enqueue({ flow_id: id, execution_type: 'manual' });
    return {
      ran: await done,
      seenByOwn: (await this.own.findOneBy({ id }))?.name,
      shared: this.protection === dataSource,
      apart: this.ownDataSource !== (this.protection as DataSource),
    };
  }

  @Get(':id')
  get(@Param('id') id: string) {
    return this.flows.get(id);
  }

  async onApplicationShutdown() {
    console.error('total at the end:', (await this.flows.summary()).totalFlows);
  }
}

const ownModules = [
  TypeOrmModule.forRoot({ ...given, entities: [...entities], subscribers }),
  TypeOrmModule.forFeature([ProtectionFlow]),
];
const common = { controllers: [FlowController], providers: [Runner, { provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter }] };

@Module({ ...common, imports: [ProtectionFlowsModule.forRoot(), ...ownModules] })
class ExpressApp {}

@Module({ ...common, imports: [...ownModules, ProtectionFlowsModule.forRootAsync({ useClass: Settings })] })
class FastifyApp {}

async function answers(root: typeof ExpressApp, adapter: ExpressAdapter | FastifyAdapter, name: string) {
  const app = await NestFactory.create(root, adapter, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const ask = async (path: string) => {
    const response = await fetch(\`\${await app.getUrl()}/flows/\${path}\`, { headers: { connection: 'close' } });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
  };
  const found = [await ask(\`new/\${name}\`), await ask(\`new/\${name}\`), await ask('nobody')];
  await app.close();
  return { found, closed: !dataSource.isInitialized };
}

async function main() {
  const express = await answers(ExpressApp, new ExpressAdapter(), 'express');
  const fastify = await answers(FastifyApp, new FastifyAdapter(), 'fastify');
  console.log(JSON.stringify({ express, fastify, status: httpStatusOf('FLOW_NOT_FOUND') }));
}
void main();
`;

/**
 * Guards that services on NestJS 12, which has only ES modules, can use this CommonJS package: loaded by both
 * module systems, typed, on both HTTP adapters, installed by npm without a conflict, and ending by itself.
 */
describe('a program on NestJS 12', () => {
  const database = useDatabase();
  useDataSource(database);
  let project: string;

  const run = (file: string): Promise<ProgramEnd> => {
    const own = { type: sharedServer().flavour, ...database.settings };
    return runProgram(process.execPath, [file], {
      cwd: project,
      env: { DATABASE_URL: database.url, OWN_CONNECTION: JSON.stringify(own), NO_COLOR: '1' },
    });
  };

  beforeAll(async () => {
    project = temporaryFolder();
    await makeNestJs12Project(project);
    for (const file of ['program.mts', 'program.cts']) await writeFile(join(project, file), program);
    const manual = await readFile(join(packageFolder, 'docs/nestjs.md'), 'utf8');
    const [, service = ''] = /## A service\n.*?```ts\n(.*?)```/s.exec(manual) ?? [];
    expect(service).toContain('NestFactory.create(AppModule)');
    await writeFile(join(project, 'service.mts'), service);
  }, 600_000);

  it('has only NestJS 12 installed', async () => {
    const manifest = await readFile(join(project, 'node_modules/@nestjs/common/package.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ version: expect.stringMatching(/^12\./), type: 'module' });
  });

  it('compiles with strict types in both module systems, including the service in the manual', async () => {
    const tsc = join(packageFolder, 'node_modules/typescript/bin/tsc');
    const flags = '--strict --target es2022 --module nodenext --skipLibCheck --experimentalDecorators';
    const files = ['program.mts', 'program.cts', 'service.mts'];
    const args = [tsc, ...flags.split(' '), '--emitDecoratorMetadata', '--types', 'node', ...files];
    const end = await runProgram(process.execPath, args, { cwd: project });
    expect(end.output).toBe('');
  });

  it.each(['program.mjs', 'program.cjs'])('serves flows and their errors (%s)', async (file) => {
    await database.connection.query('DELETE FROM protection_flows');

    const end = await run(file);

    expect(end).toMatchObject({ exitCode: 0 });
    const json = 'application/json; charset=utf-8';
    const answered = (name: string) => ({
      closed: true,
      found: [
        { status: 200, type: json, body: { ran: name, seenByOwn: name, shared: true, apart: true } },
        { status: 409, type: json, body: { statusCode: 409, code: 'FLOW_NAME_TAKEN', details: { name } } },
        { status: 404, type: json, body: { statusCode: 404, code: 'FLOW_NOT_FOUND' } },
      ],
    });
    expect(JSON.parse(end.stdout)).toMatchObject({
      express: answered('express'),
      fastify: answered('fastify'),
      status: 404,
    });
    expect(end.stderr).toContain('total at the end: 1\n');
    expect(end.stderr).toContain('total at the end: 2\n');
  });

  it('needs no NestJS for the other doors of the package', async () => {
    const without = temporaryFolder();
    const modules = join(without, 'node_modules');
    await mkdir(modules);
    for (const name of await readdir(join(project, 'node_modules'))) {
      if (name === '@nestjs') continue;
      const from = join(project, 'node_modules', name);
      if (name === '@sendense') await cp(from, join(modules, name), { recursive: true });
      else await symlink(from, join(modules, name));
    }
    const source = `
      const { FlowRepository } = require('@sendense/protection-flows');
      require('@sendense/protection-flows/data-source');
      try { require('@sendense/protection-flows/nestjs'); } catch ({ code, remedy }) {
        console.log(typeof FlowRepository, code, remedy);
      }`;
    const end = await runProgram(process.execPath, ['-e', source], { cwd: without });
    expect(end).toMatchObject({
      exitCode: 0,
      stdout: 'function PACKAGE_MISSING npm install @nestjs/common\n',
    });
  });
});
