import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { neededPackages } from '../../../src/errors';
import { installInto, packInto } from '../../support/package-project';
import { packageFolder, runProgram, type ProgramEnd } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';

/** No server listens there, and no command connects to it. */
const env = { DATABASE_URL: 'mysql://u:hush@127.0.0.1:1/d' };
const own = '@sendense/protection-flows';

/** Guards that an error names a peer dependency that is not installed. */
describe('a package that is not installed', () => {
  let tarball: string;
  beforeAll(async () => {
    tarball = await packInto(temporaryFolder());
  });

  const without = async (...absent: string[]): Promise<string> => {
    const project = temporaryFolder();
    await installInto(project, tarball, absent);
    return project;
  };
  const command = (cwd: string, ...args: string[]): Promise<ProgramEnd> =>
    runProgram(process.execPath, [join('node_modules', own, 'dist/cli/main.js'), ...args], { cwd, env });

  it.each<[command: string, absent: string[]]>([
    ['migrate', ['mysql2']],
    ['verify', ['mysql2']],
    ['recount', ['typeorm']],
    ['prune --keep 1', ['typeorm']],
    ['audit --since 7d', ['typeorm']],
    ['demo', ['mysql2']],
    ['recount', ['class-validator', 'mysql2', 'reflect-metadata', 'typeorm']],
  ])('makes %s end with 64: %j', async (line, absent) => {
    const project = await without(...absent);
    const [text, json] = [
      await command(project, ...line.split(' ')),
      await command(project, ...line.split(' '), '--json'),
    ];
    expect(text).toMatchObject({ exitCode: 64, stdout: '' });
    expect(text.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^PACKAGE_MISSING: .*not installed, and this package needs \w+$/),
      'Nothing was read or changed: no connection was opened.',
      `Fix: npm install ${absent.join(' ')}`,
    ]);
    expect(json).toMatchObject({ exitCode: 64, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: 'PACKAGE_MISSING', details: { packages: absent } },
    });
  });

  it.each<[door: string, absent: string, installed: string]>([
    ['', 'typeorm', 'typeorm'],
    ['', 'reflect-metadata', 'reflect-metadata'],
    ['', 'class-validator', 'class-validator'],
    ['/data-source', 'typeorm', 'typeorm'],
    ['/testing', 'mysql2', 'mysql2'],
    ['/nestjs', '@nestjs', '@nestjs/common'],
  ])("makes the import of the door '%s' fail: %s", async (door, absent, installed) => {
    const project = await without(absent);
    await writeFile(
      join(project, 'program.mjs'),
      `import { createRequire } from 'node:module';
       const told = ({ code, remedy, cause }) => [code, remedy, cause?.code];
       const required = () => createRequire(import.meta.url)('${own}${door}');
       let seen; try { required(); } catch (error) { seen = told(error); }
       console.log(JSON.stringify([seen, await import('${own}${door}').catch(told)]));`,
    );
    const { stdout, stderr } = await runProgram(process.execPath, ['program.mjs'], { cwd: project });
    const told = ['PACKAGE_MISSING', `npm install ${installed}`, 'MODULE_NOT_FOUND'];
    expect({ seen: JSON.parse(stdout) as unknown, stderr }).toEqual({ seen: [told, told], stderr: '' });
  });

  it('is reported by the first connection if it is mysql2, after a successful import', async () => {
    const project = await without('mysql2');
    const source = `require('${own}/data-source').dataSource.initialize().catch(({ code, remedy }) => console.log(code, remedy));`;
    const end = await runProgram(process.execPath, ['-e', source], { cwd: project, env });
    expect(end).toMatchObject({ exitCode: 0, stdout: 'PACKAGE_MISSING npm install mysql2\n', stderr: '' });
  });

  it('is listed among the peer dependencies', async () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      await readFile(join(packageFolder, 'package.json'), 'utf8'),
    ) as {
      peerDependencies: Record<string, string>;
      peerDependenciesMeta: Record<string, { optional: boolean }>;
    };
    const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    expect([...neededPackages].sort()).toEqual(needed.sort());
  });
});
