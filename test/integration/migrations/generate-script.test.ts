import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Guards that the command adds its file to the list, and that the file compiles and passes the check. */
describe('npm run migration:generate and migration:check, in a copy of the package', () => {
  let copy: string;
  const inCopy = (...parts: string[]): string => join(copy, ...parts);

  function run(program: string, ...args: string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], { cwd: copy }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }
  const script = (name: string, ...args: string[]): Promise<Outcome> =>
    run(
      inCopy('node_modules', 'ts-node', 'dist', 'bin.js'),
      '--transpile-only',
      `scripts/${name}.ts`,
      ...args,
    );

  async function edit(path: string, from: string, to: string): Promise<void> {
    const source = await readFile(inCopy(path), 'utf8');
    expect(source).toContain(from);
    await writeFile(inCopy(path), source.replace(from, to));
  }
  const migrations = (): Promise<string[]> => readdir(inCopy('src', 'migrations'));

  beforeEach(async () => {
    copy = await mkdtemp(join(tmpdir(), 'pflows-copy-'));
    for (const part of [
      'src',
      'scripts',
      'package.json',
      'tsconfig.json',
      'eslint.config.mjs',
      '.prettierrc.json',
    ])
      await cp(join(root, part), inCopy(part), { recursive: true });
    for (const part of ['node_modules', '.cache'])
      if (existsSync(join(root, part))) await symlink(join(root, part), inCopy(part));
  });
  afterEach(() => rm(copy, { recursive: true, force: true }));

  it('writes the file and the entry in the list, after which the check passes', async () => {
    const before = await migrations();
    await edit(
      'src/entities/protection-flow.entity.ts',
      `  @Column(createdAtColumn)`,
      `  /** Who answers for it. Null: nobody yet. */\n  @Column({ type: 'varchar', length: 64, nullable: true })\n  owner!: string | null;\n\n  @Column(createdAtColumn)`,
    );
    expect(await script('migration-check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('adds column protection_flows.owner'),
    });

    const generated = await script('migration-generate', 'AddOwnerToFlows');
    expect(generated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Wrote src\/migrations\//) });
    const [file = '', ...others] = (await migrations()).filter((name) => !before.includes(name));
    expect(others).toEqual([]);
    expect(file).toMatch(/^\d{13}-add-owner-to-flows\.ts$/);
    const className = `AddOwnerToFlows${file.slice(0, 13)}`;
    const source = await readFile(inCopy('src', 'migrations', file), 'utf8');
    expect(source).toBe(`import { nullable } from '../engine/schema/declare';
import { addColumn } from '../engine/steps/columns';
import { StepMigration } from './step-migration';

/** Adds column protection_flows.owner. TODO: say what for. */
export class ${className} extends StepMigration {
  readonly name = '${className}';
  readonly breaking = false;
  readonly steps = [addColumn('protection_flows', nullable('owner', 'varchar(64)'))];
}
`);
    const list = await readFile(inCopy('src', 'migrations', 'index.ts'), 'utf8');
    expect(list).toContain(`import { ${className} } from './${file.replace('.ts', '')}';`);
    expect(/^ {2}(\w+),\n\];/m.exec(list)?.[1]).toBe(className);

    expect(await script('migration-check')).toMatchObject({
      code: 0,
      stdout: 'Entities and migrations agree.\n',
    });
    const written = [`src/migrations/${file}`, 'src/migrations/index.ts'];
    const prettier = inCopy('node_modules', 'prettier', 'bin', 'prettier.cjs');
    expect(await run(prettier, '--check', ...written)).toMatchObject({ code: 0 });
    expect(await run(inCopy('node_modules', 'eslint', 'bin', 'eslint.js'), ...written)).toMatchObject({
      code: 0,
    });
  });

  it('writes nothing when a change is refused, and prints the reason and the remedy', async () => {
    const before = await migrations();
    const list = await readFile(inCopy('src', 'migrations', 'index.ts'), 'utf8');
    await edit(
      'src/entities/protection-flow.entity.ts',
      'length: 255 })\n  @Required()',
      'length: 99 })\n  @Required()',
    );
    const outcome = await script('migration-generate', 'ShortenName');
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(
      /^REFUSED: nothing was written\.\n\ncolumn protection_flows\.name\n {2}because .*\n {2}instead: /,
    );
    expect(await migrations()).toEqual(before);
    expect(await readFile(inCopy('src', 'migrations', 'index.ts'), 'utf8')).toBe(list);
  });

  it('prints that there is nothing to generate, and exits 1', async () => {
    expect(await script('migration-generate', 'ChangeNothing')).toMatchObject({
      code: 1,
      stdout: 'Nothing to generate: entities and migrations agree.\n',
    });
  });

  it('exits 64 for a name that is not in PascalCase, without starting a server', async () => {
    const outcome = await script('migration-generate', 'add-owner');
    expect(outcome).toMatchObject({ code: 64, stdout: '', stderr: expect.stringMatching(/^error USAGE: /) });
    expect(outcome.stderr).not.toContain('server');
  });

  it('prints help that mentions DATABASE_URL', async () => {
    for (const name of ['migration-generate', 'migration-check']) {
      expect(await script(name, '--help')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('DATABASE_URL'),
      });
    }
  });
});
