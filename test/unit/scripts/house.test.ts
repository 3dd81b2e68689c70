import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram, type ProgramEnd } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';

/** Runs `npm run house` on a folder with those files. */
function house(files: Readonly<Record<string, string>>): Promise<ProgramEnd> {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return runProgram('node', ['scripts/house.mjs', folder]);
}

const missed = ({ stdout }: ProgramEnd): string[] =>
  stdout.split('\n').filter((line) => line.startsWith('MISSED: '));

describe('npm run house', () => {
  it('counts the lines and files of each room, the engine’s rooms separately, and the imports of the engine', async () => {
    const end = await house({
      'cli/main.ts': "import { verify } from '../engine/verify/verify';\nverify();\n",
      'engine/server/server.ts': 'export const server = 1;\n',
      'engine/verify/verify.ts': "export { server as verify } from '../server/server';\n",
    });
    expect(end.exitCode).toBe(0);
    expect(end.stdout).toMatch(/^cli +2 +1$/m);
    expect(end.stdout).toMatch(/^engine\/server +1 +1$/m);
    expect(end.stdout).toMatch(/^all +4 +3$/m);
    expect(end.stdout).toMatch(/^cli → engine +1$/m);
    expect(end.stdout).toContain('The largest room is cli.');
  });

  it('names a file, a room of the engine, and a house that are too large', async () => {
    const files = Array.from({ length: 251 }, (_, at) => [`engine/server/${at}.ts`, '//\n'.repeat(8)]);
    const end = await house({ ...Object.fromEntries(files), 'domain/long.ts': '//\n'.repeat(20_493) });
    expect(end.exitCode).toBe(1);
    expect(missed(end)).toEqual([
      'MISSED: engine/server has 2008 lines; a room of the engine may have 2000',
      'MISSED: 22501 lines; at most 22500 are wanted',
      'MISSED: 252 files; at most 250 are wanted',
      'MISSED: domain/long.ts has 20493 lines; a file may have 300',
    ]);
  });

  it('names each import of the product or of TypeORM in the engine, for a type or at run time', async () => {
    const end = await house({
      'domain/flow.ts': 'export type Flow = string;\n',
      'errors/index.ts': 'export const code = 1;\n',
      'engine/verify/verify.ts': [
        "import type { Flow } from '../../domain/flow';",
        "import { DataSource } from 'typeorm';",
        "import { code } from '../../errors';",
        "export const later = () => import('../../domain/flow');\n",
      ].join('\n'),
    });
    expect(end.exitCode).toBe(1);
    expect(missed(end)).toEqual([
      'MISSED: the engine may import neither the product nor TypeORM: engine/verify/verify.ts → domain/flow.ts',
      'MISSED: the engine may import neither the product nor TypeORM: engine/verify/verify.ts → domain/flow.ts',
      'MISSED: the engine may import neither the product nor TypeORM: engine/verify/verify.ts → typeorm',
    ]);
  });

  it('names the files of an import cycle, except that of the entities', async () => {
    const end = await house({
      'cli/a.ts': "import './b';\n",
      'cli/b.ts': "import './c';\nimport './d';\n",
      'cli/c.ts': "import type { A } from './a';\n",
      'cli/d.ts': "import './c';\n",
      'entities/flow.ts': "import './execution';\n",
      'entities/execution.ts': "import './flow';\n",
    });
    expect(end.exitCode).toBe(1);
    expect(missed(end)).toEqual([
      'MISSED: 4 files import each other in a circle: cli/a.ts, cli/b.ts, cli/c.ts, cli/d.ts',
    ]);
  });
});
