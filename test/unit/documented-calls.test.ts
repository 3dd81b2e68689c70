import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromServerError } from '../../src/errors';
import {
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  RetentionRepository,
  TargetRepository,
} from '../../src/repositories';

const folder = resolve(__dirname, '../..');
const documents = [
  'README.md',
  ...readdirSync(resolve(folder, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (name: string): string => readFileSync(resolve(folder, name), 'utf8');

const repositories = {
  flows: FlowRepository,
  executions: ExecutionRepository,
  dueFlows: DueFlowRepository,
  retention: RetentionRepository,
  targets: TargetRepository,
} as const;

/** The names of TypeORM repositories in the examples. */
const ofTypeOrm = ['docs/testing.md: flows.count'];

// Without these, a copied example could end in a TypeError, or two pages could name different privileges.
describe('the documents', () => {
  it('call no method that the repositories do not have', () => {
    const calls = documents.flatMap((name) =>
      [...read(name).matchAll(/(?<!\w)(\w+)\.(\w+)\(/g)].flatMap(([, subject = '', method = '']) => {
        const repository = Object.hasOwn(repositories, subject)
          ? repositories[subject as keyof typeof repositories]
          : null;
        return repository === null || method in repository.prototype ? [] : [`${name}: ${subject}.${method}`];
      }),
    );
    expect([...new Set(calls)]).toEqual(ofTypeOrm);
  });

  it('name the same privileges as the printed GRANT', () => {
    const denied = Object.assign(new Error("Access denied for user 'u'@'h' to database 'd'"), {
      errno: 1044,
    });
    const sqlError = Object.assign(denied, { code: 'ER_DBACCESS_DENIED_ERROR', sqlState: '42000' });
    const [, printed] = /GRANT (.*) ON /.exec(fromServerError(sqlError)?.remedy ?? '') ?? [];
    const lists = documents.flatMap(
      (name) => read(name).match(/\bSELECT, INSERT, UPDATE, DELETE(?:, [A-Z]+)+/g) ?? [],
    );
    expect(lists.length).toBeGreaterThan(2);
    expect([...new Set(lists)]).toEqual([printed]);
  });
});
