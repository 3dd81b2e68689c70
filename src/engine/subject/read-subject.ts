import { properties, refuse, that, type Reader } from '../../arguments';
import type { Guards } from './parts';
import type { Subject } from './subject';

const matching = (pattern: RegExp, sentence: string): Reader<string> =>
  that('matches', (value) => typeof value === 'string' && pattern.test(value), sentence);

const line = matching(/^[^\n]{1,64}$/, 'must be one line of up to 64 characters');

/** A name such as `AddOrders1795305600000`; its digits order the migrations. */
const migrationName = /^[A-Za-z_$][\w$]{0,200}\d{13}$/;

/** Migrations, oldest first: each with a name of its own, what it breaks, and its steps. */
const migrations: Reader<Subject['migrations']> = (value, field, faults) => {
  if (!Array.isArray(value) || value.length === 0)
    return refuse(faults, field, 'isArray', 'must be a list of at least one migration');
  let newest = 0;
  for (const [at, one] of value.entries()) {
    const { name, breaking, steps } = (one ?? {}) as Partial<Subject['migrations'][number]>;
    const here = `${field}[${at}]`;
    if (typeof name !== 'string' || !migrationName.test(name)) {
      refuse(
        faults,
        `${here}.name`,
        'isMigrationName',
        'must be a name that ends in 13 digits, milliseconds',
      );
      continue;
    }
    const time = Number(name.slice(-13));
    if (time <= newest) refuse(faults, `${here}.name`, 'isNewer', 'must be newer than the one before it');
    newest = time;
    if (breaking !== false && (typeof breaking !== 'string' || breaking === ''))
      refuse(faults, `${here}.breaking`, 'isBreaking', 'must be false, or a text that says what breaks');
    if (!Array.isArray(steps) || !steps.every((step) => typeof step?.plan === 'function'))
      refuse(faults, `${here}.steps`, 'isSteps', 'must be a list of steps, such as createTable makes');
  }
  return value as unknown as Subject['migrations'];
};

const isGuards = (value: Partial<Guards> | null): boolean =>
  /^@[a-z][a-z0-9_]{0,62}$/.test(String(value?.mark)) &&
  Array.isArray(value?.columns) &&
  Array.isArray(value.triggers);

const probes: Reader<Subject['probes']> = that(
  'isProbes',
  (value) => value === undefined || (typeof value === 'object' && value !== null),
  'must be an object with tables and checks, or be left out',
);

const guards: Reader<Subject['guards']> = that(
  'isGuards',
  (value) => value === undefined || isGuards(value as Partial<Guards> | null),
  'must have a mark such as @shop_writer, columns and triggers, or be left out',
);

/** True for undefined, and for a list whose elements each have an id of their own and these functions. */
const isListOf = (value: unknown, ...functions: readonly string[]): boolean =>
  value === undefined ||
  (Array.isArray(value) &&
    new Set(value.map((one) => one?.id)).size === value.length &&
    value.every(
      (one) =>
        typeof one?.id === 'string' &&
        /^[a-z][a-z-]{0,31}$/.test(one.id) &&
        functions.every((name) => typeof one[name] === 'function'),
    ));

const checks: Reader<Subject['checks']> = that(
  'isChecks',
  (value) => isListOf(value, 'run'),
  'must be a list of checks, each with an id of its own of small letters and hyphens, and run; or be left out',
);

const isAnswers = (value: unknown): boolean =>
  typeof value === 'object' &&
  Object.entries(value ?? {}).length > 1 &&
  Object.entries(value ?? {}).every(
    ([name, does]) => /^[a-z][a-z-]{0,31}$/.test(name) && typeof does === 'string',
  );

const questions: Reader<Subject['questions']> = that(
  'isQuestions',
  (value) =>
    isListOf(value, 'asks', 'find', 'carryOut') &&
    ((value ?? []) as { answers?: unknown }[]).every(({ answers }) => isAnswers(answers)),
  'must be a list of questions, each with an id of its own and two answers or more of small letters and hyphens, asks, find and carryOut; or be left out',
);

/** Reads a subject. It judges every name, because names go into SQL. */
export const readSubject: Reader<unknown> = properties({
  package: line,
  command: line,
  environment: matching(/^[A-Z][A-Z0-9_]{0,63}$/, 'must be capitals, digits and underscores'),
  version: line,
  tablePrefix: matching(/^[a-z][a-z0-9_]{0,22}$/, 'must be up to 23 small letters, digits and underscores'),
  migrations,
  probes,
  guards,
  checks,
  questions,
});
