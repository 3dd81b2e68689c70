import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { readPlan } from '../../src/cli/files';
import { loadConnection } from '../../src/config';
import { planReader } from '../../src/engine/migrate/plan-reader';
import { errorCodes, isProtectionFlowsError } from '../../src/errors';
import { cursor } from '../../src/repositories/pages';
import { nextRuns, scheduleFaults } from '../../src/schedule';
import { temporaryFolder } from '../support/temporary-folder';

const secret = 'S3cretWord';
const folder = temporaryFolder();

/** Everything that a program can show of an error, with its causes. */
const shownOf = (error: unknown): string => {
  const { message, stack, cause, ...others } = error as Error & { cause?: unknown };
  return [message, stack, JSON.stringify(others), cause === undefined ? '' : shownOf(cause)].join('\n');
};

/** Fails unless `work` answers, or refuses with an error of this package that shows no password. */
function isAnsweredOrRefused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!isProtectionFlowsError(error)) throw error;
    expect(Object.keys(errorCodes)).toContain(error.code);
    expect(shownOf(error)).not.toContain(secret);
  }
}

const holds = <Given>(property: fc.IProperty<Given>): void => fc.assert(property, { numRuns: 500 });
const word = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 5 }), fc.json());
const connect = (env: Record<string, string>): unknown => loadConnection({ env, cwd: folder });
const file = join(folder, 'hostile.json');
const written = (text: string): string => {
  writeFileSync(file, text);
  return file;
};

/** A text with one piece removed, doubled or replaced. */
const damaged = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(text.length), fc.nat(12), fc.oneof(fc.constant(''), fc.string({ maxLength: 3 })))
    .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));

const configuration = JSON.stringify({
  host: 'db',
  username: 'u',
  password: secret,
  database: 'd',
  ssl: { ca: 'ca.pem' },
  extra: [1, null, 'x'],
});

/**
 * Guards every input of an operator or a client, wrong by mistake or on purpose: each function returns, or throws an error
 * that has a code and shows no password. It throws nothing else, and it ends.
 */
describe('whatever is given', () => {
  it('as a URL', () => {
    const wild = fc.tuple(word, word).map(([head, tail]) => `mysql://u:${secret}${head}@h${tail}/d`);
    const near = damaged(`mysql://u:${secret}@[::1]:3306,b:3307/d?ssl=true&charset=utf8mb4#x`);
    holds(
      fc.property(fc.oneof(wild, near, word), (DATABASE_URL) =>
        isAnsweredOrRefused(() => connect({ DATABASE_URL })),
      ),
    );
  });

  it('as variables', () => {
    const names = [
      'HOST',
      'PORT',
      'SOCKET',
      'USERNAME',
      'DATABASE',
      'TYPE',
      'POOL_SIZE',
      'SSL_CA',
      'REPLICAS',
      'HOTS',
    ];
    const env = fc.record(Object.fromEntries(names.map((name) => [`DB_${name}`, word])), {
      requiredKeys: [],
    });
    holds(fc.property(env, (given) => isAnsweredOrRefused(() => connect({ DB_PASSWORD: secret, ...given }))));
  });

  it('as a configuration file', () => {
    const members = fc.dictionary(
      fc.constantFrom('host', 'hosts', 'port', 'ssl', 'replicas', 'extra', '__proto__'),
      fc.jsonValue(),
    );
    const valid = members.map((given) =>
      JSON.stringify({ username: 'u', password: secret, database: 'd', ...given }),
    );
    holds(
      fc.property(fc.oneof(valid, damaged(configuration), word), (text) =>
        isAnsweredOrRefused(() => loadConnection({ configFile: written(text), env: {}, cwd: folder })),
      ),
    );
  });

  it('as the file of a plan', () => {
    const members = fc.dictionary(
      fc.constantFrom('statements', 'options', 'grounds', 'sizes'),
      fc.jsonValue(),
    );
    const valid = members.map((plan) => JSON.stringify({ form: 1, ...plan }));
    holds(
      fc.property(fc.oneof(valid, damaged(configuration), fc.constant(secret), word), (text) =>
        isAnsweredOrRefused(() => planReader(readPlan(written(text)), 'plan', [])),
      ),
    );
  });

  it('as the place of a page', () => {
    const place = Buffer.from(JSON.stringify([1, 'a', 'b'])).toString('base64url');
    const near = damaged(`${place}.abcdefgh`);
    const made = fc
      .jsonValue()
      .map((value) => `${Buffer.from(JSON.stringify(value)).toString('base64url')}.abcdefgh`);
    holds(
      fc.property(fc.oneof(near, made, fc.anything()), (text) => {
        const faults: Parameters<typeof cursor>[2] = [];
        const found = cursor(text, 'after', faults);
        expect(faults).toHaveLength(text === undefined || text === null ? 0 : 1);
        expect(found ?? null).toBeNull();
      }),
    );
  });

  it('as a cron expression and a time zone', () => {
    const token = fc.constantFrom(
      '*',
      '/',
      '-',
      ',',
      'L',
      'W',
      '#',
      '?',
      '0',
      '7',
      '31',
      '99999999999',
      'MON',
      '@daily',
      ' ',
      '+',
    );
    const expression = fc.oneof(
      fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join('')),
      damaged('*/5 1-3,7 L * MON#2'),
      word,
    );
    const timezone = fc.oneof(fc.constantFrom('UTC', 'Europe/Vienna', 'utc+1'), word);
    const after = new Date('2026-03-28T12:00:00Z');
    holds(
      fc.property(expression, timezone, (cron_expression, zone) => {
        const schedule = { cron_expression, timezone: zone };
        isAnsweredOrRefused(() => scheduleFaults(schedule));
        isAnsweredOrRefused(() => nextRuns(schedule, after, 3));
      }),
    );
  });
});
