import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv from 'ajv';
import { validate } from 'dockerfile-utils';
import { parseAllDocuments } from 'yaml';
import { exitCodes } from '../../../src/cli/error-report';
import { useDatabase } from '../../support/database';
import { runProgram } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';
import { runCommandLine } from '../cli/command-line';

const folder = resolve(__dirname, '../../../examples/deployment');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const units = ['backup-migrate.service', 'backup-service.service'];
const ours = 'node_modules/.bin/protection-flows';

/** The documents of a YAML file. The test fails if the file has faults or warnings. */
function documents(name: string): Record<string, unknown>[] {
  return parseAllDocuments(read(name)).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS() as Record<string, unknown>;
  });
}

/** The arguments of every call of this package's program in a document. */
function callsIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const words = Array.isArray(value) ? value : [];
  const at = words.indexOf(ours);
  if (at >= 0) return [words.slice(at + 1) as string[]];
  return Object.values(value).flatMap(callsIn);
}

const callsOfUnit = (name: string): string[][] =>
  [...read(name).matchAll(/^Exec\w+=(\S+) (.*)$/gm)]
    .filter(([, program = '']) => program.endsWith(ours))
    .map(([, , words = '']) => words.split(' '));

// Without these, a copied example could call a command that this package does not have.
describe('the examples of a deployment', () => {
  const database = useDatabase({ platform: 'mixed' });

  it('call existing commands, in an order in which each succeeds', async () => {
    const calls = [
      ...['kubernetes.yaml', 'compose.yaml'].flatMap((name) => documents(name).flatMap(callsIn)),
      ...units.flatMap(callsOfUnit),
    ];
    const names = calls.map(([name]) => name);
    expect(names.sort()).toEqual(['check', 'migrate', 'migrate', 'migrate', 'wait', 'wait']);
    const different = new Map(calls.map((words) => [words.join(' '), words]));
    const inOrder = [...different.values()].sort(
      ([one = ''], [other = '']) => Number(other === 'migrate') - Number(one === 'migrate'),
    );
    for (const words of inOrder) {
      const ran = await runCommandLine(words, { env: { DATABASE_URL: database.url } });
      expect({ words, exitCode: ran.exitCode, stderr: ran.exitCode === 0 ? '' : ran.stderr }).toEqual({
        words,
        exitCode: 0,
        stderr: '',
      });
    }
  });

  it('repeat a migrate after a failure that another attempt may mend, and after no other', () => {
    const { found, usage } = exitCodes;
    const [, job] = documents('kubernetes.yaml');
    expect(job).toMatchObject({
      kind: 'Job',
      spec: {
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [found, usage] } }],
        },
        template: { spec: { restartPolicy: 'Never' } },
      },
    });
    expect(read('backup-migrate.service')).toContain(`\nRestartPreventExitStatus=${found} ${usage}\n`);
  });

  it('give the pods of a Deployment an init container that waits, with the account of the service', () => {
    const [, , deployment] = documents('kubernetes.yaml') as [
      unknown,
      unknown,
      {
        spec: { template: { spec: { initContainers: { env: unknown }[]; containers: { env: unknown }[] } } };
      },
    ];
    const { initContainers, containers } = deployment.spec.template.spec;
    expect(initContainers.map(({ env }) => env)).toEqual(containers.map(({ env }) => env));
    expect(callsIn(initContainers)).toEqual([['wait', '--timeout', '30m']]);
  });

  it('include a valid compose file and a Dockerfile without faults', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
    const schema = join(__dirname, '../../fixtures/compose-spec/schema.json');
    const isComposeFile = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
    expect({ is: isComposeFile(documents('compose.yaml')[0]), faults: isComposeFile.errors }).toEqual({
      is: true,
      faults: null,
    });
    expect(validate(read('Dockerfile'))).toEqual([]);
  });

  const analyze = '/usr/bin/systemd-analyze';
  (existsSync(analyze) ? it : it.skip)('are units that systemd takes', async () => {
    const copies = temporaryFolder();
    for (const name of units)
      // Programs on this machine, because systemd-analyze looks for them
      writeFileSync(
        join(copies, name),
        read(name).replaceAll(/=\/\S+\/(?=protection-flows|node )\S+/g, `=${process.execPath}`),
      );
    const { exitCode, stdout, stderr } = await runProgram(analyze, [
      'verify',
      ...units.map((name) => join(copies, name)),
    ]);
    const about = (stdout + stderr).split('\n').filter((line) => line.includes('backup-'));
    expect({ exitCode, about }).toEqual({ exitCode: 0, about: [] });
  });
});
