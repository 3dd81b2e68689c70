import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useDatabase } from '../../support/database';
import { installInto, packInto } from '../../support/package-project';
import { packageFolder, runProgram } from '../../support/run-program';

/** Guards that the engine serves a program that has mysql2 and no TypeORM, just as docs/engine.md shows it. */
describe('the engine of the packed package', () => {
  const database = useDatabase({ platform: 'none' });
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'pflows-engine-'));
    await installInto(project, await packInto(project));
    for (const name of ['typeorm', 'reflect-metadata', 'class-validator', '@nestjs'])
      await rm(join(project, 'node_modules', name));
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('has types that need neither TypeORM nor NestJS', async () => {
    const source =
      "import type { Subject } from '@sendense/protection-flows/engine';\nexport let subject: Subject;\n";
    await writeFile(join(project, 'typed.ts'), source);
    const tsc = join(packageFolder, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'node16', '--types', 'node'];
    const { output } = await runProgram(process.execPath, [tsc, ...flags, 'typed.ts'], { cwd: project });
    expect(output).toBe('');
  });

  it('runs the example of its document twice', async () => {
    const document = await readFile(join(packageFolder, 'docs/engine.md'), 'utf8');
    const [, example = ''] = /```js\n(.*?)```/s.exec(document) ?? [];
    await writeFile(join(project, 'program.js'), example);
    const { host, port, username, password, database: name } = database.settings;
    const env = { DB_HOST: host, DB_PORT: String(port), DB_USERNAME: username, DB_PASSWORD: password };
    const run = () =>
      runProgram(process.execPath, ['program.js'], { cwd: project, env: { ...env, DB_DATABASE: name } });
    const first = await run();
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual({
      ok: true,
      applied: ['CreateShop1800000000000', 'TieOrdersToCustomers1800000001000'],
      findings: [],
      verdict: 'proven',
    });
    expect(JSON.parse((await run()).stdout)).toMatchObject({ ok: true, applied: [], verdict: 'proven' });
  });
});
