import * as api from '../../src';
import * as dashboard from '../../src/dashboard';
import * as metrics from '../../src/metrics';
import * as nestjs from '../../src/nestjs';
import * as testing from '../../src/testing';
import { fieldsOf, hostileCalls, outcomeOf, told } from '../support/hostile-calls';
import { any, judged, others, total } from './function-arguments-table';

const entities = api.entities.map(({ name }) => name);
const exported: Readonly<Record<string, unknown>> = {
  ...api,
  ...api.platform,
  ...dashboard,
  ...metrics,
  ...nestjs,
  ...testing,
};
const functions = Object.keys(exported).filter((name) => typeof exported[name] === 'function');

type Callable = (...values: readonly unknown[]) => unknown;

/** A function's call; that of a class is its construction. */
function calling(name: string): Callable {
  const called = exported[name] as Callable & (new (...values: readonly unknown[]) => unknown);
  const isClass = /^class\b/.test(Function.prototype.toString.call(called));
  return (...values) => (isClass ? new called(...values) : called(...values));
}

// Without these, a function could accept what TypeScript would refuse: a misspelt option would be ignored, and a wrong
// value would fail somewhere inside with a TypeError.
describe('an exported function', () => {
  it('validates its arguments, or is listed as one that need not', () => {
    const known = [...Object.keys(judged), ...total, ...others, ...entities];
    expect([...known].sort()).toEqual([...functions].sort());
  });

  it.each(Object.keys(judged))('names each wrong argument, and only the wrong ones: %s', async (name) => {
    const faults: string[] = [];
    for (const call of hostileCalls(name, judged[name] ?? [])) {
      const outcome = await outcomeOf(() => calling(name)(...call.values));
      const fields = fieldsOf(outcome);
      const isNamed = fields?.includes(call.field) === true || (call.isWhole && fields !== null);
      if (!call.isRight && !isNamed) faults.push(`${call.title} ${told(outcome)}`);
      if (call.isRight && fields?.includes(call.field)) faults.push(`${call.title} was refused`);
      // A value of the right type may still be a wrong schedule
      const isKnown = fields !== null || told(outcome).startsWith('SCHEDULE_INVALID');
      if (outcome.error !== undefined && !isKnown) faults.push(`${call.title} ${told(outcome)}`);
    }
    expect(faults).toEqual([]);
  });

  it('names the option that was probably meant', async () => {
    const start = testing.startPrivateServer as (options: object) => Promise<unknown>;
    const outcome = await outcomeOf(() => start({ flavor: 'mysql', verison: '9.7' }));
    expect(told(outcome)).toContain(
      'flavor is not known; did you mean flavour?; verison is not known; did you mean version?',
    );
    const build = testing.buildFlow as (columns: object) => unknown;
    expect(told(await outcomeOf(() => build({ schedul_id: 'x' })))).toContain('did you mean schedule_id?');
  });

  it.each(total)('accepts any argument without an error: %s', async (name) => {
    const faults: string[] = [];
    for (const call of hostileCalls(name, [any('value')])) {
      const outcome = await outcomeOf(() => calling(name)(...call.values));
      if (outcome.error !== undefined) faults.push(`${call.title} ${told(outcome)}`);
    }
    expect(faults).toEqual([]);
  });
});
