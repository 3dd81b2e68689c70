import { isProtectionFlowsError, type ErrorCode } from '../../../src/errors';
import * as repositories from '../../../src/repositories';
import { rolledBack } from '../../../src/testing';
import { fieldsOf, hostileCalls, outcomeOf, told, type HostileCall } from '../../support/hostile-calls';
import type { RightIds } from './argument-shapes';
import { argumentsOf } from './arguments-table';
import { useDataLayer } from './data-layer';
import { publicMethods } from './explain-methods';

const layer = useDataLayer();

/** The codes with which a call with valid arguments may still fail. */
const answers: readonly ErrorCode[] = [
  'FLOW_NOT_FOUND',
  'EXECUTION_NOT_FOUND',
  'REFERENCE_NOT_FOUND',
  'FLOW_NAME_TAKEN',
  'FLOW_STILL_RUNNING',
];

type Call = (...values: readonly unknown[]) => unknown;
type Repository = Record<string, Call>;

/** The public method `Class.method`, on a repository with this manager. */
function methodOf(name: string, manager = layer.dataSource.manager): Call {
  const [className = '', method = ''] = name.split('.');
  const Class = repositories[className as 'FlowRepository'];
  const repository = new Class(manager) as unknown as Repository;
  return (...values) => repository[method]!(...values);
}

let right: RightIds;
beforeAll(async () => {
  const { flows, executions } = layer.repositories;
  const { id: flow } = await flows.create(await layer.newBackupFlow({ name: 'Flow' }));
  await flows.create(await layer.newBackupFlow());
  const run = await executions.start({ flow_id: flow, execution_type: 'manual' });
  const { schedules, repositories: stores } = layer.platform;
  right = { flow, run: run.id, schedule: schedules[0], repository: stores[0] };
});

const calls = (): { readonly name: string; readonly call: HostileCall }[] =>
  Object.entries(argumentsOf).flatMap(([name, of]) =>
    hostileCalls(name, of(right)).map((call) => ({ name, call })),
  );

async function rows(): Promise<unknown> {
  const { session } = layer.database;
  const flows = await session.query('SELECT * FROM protection_flows ORDER BY id');
  return [flows, await session.query('SELECT * FROM protection_flow_executions ORDER BY id')];
}

// Guards that arguments are checked at run time, not only by TypeScript. Otherwise a wrong argument finds other rows, is
// silently ignored, or causes an error of the driver.
describe('an argument of a public method', () => {
  it('is checked in every method', () => {
    expect(Object.keys(argumentsOf).sort()).toEqual(publicMethods().sort());
  });

  it('is accepted when it is valid', async () => {
    for (const [name, of] of Object.entries(argumentsOf).filter(([one]) => !one.endsWith('.withManager')))
      await rolledBack(layer.dataSource, async (manager) => {
        // A recount opens transactions of its own, and refuses one of its caller's
        const within = name === 'RetentionRepository.recount' ? undefined : manager;
        const outcome = await outcomeOf(() => methodOf(name, within)(...of(right).map((one) => one.right)));
        expect([name, fieldsOf(outcome)]).toEqual([name, null]);
      });
  });

  it('is refused by name when it is wrong, before any read or write', async () => {
    const before = await rows();
    const faults: string[] = [];
    const wrong = calls().filter(({ call }) => !call.isRight);
    for (const { name, call } of wrong) {
      const outcome = await outcomeOf(() => methodOf(name)(...call.values));
      if (outcome.isSync !== name.endsWith('.withManager')) faults.push(`${call.title} did not reject`);
      const fields = fieldsOf(outcome);
      if (fields === null || !(call.isWhole || fields.includes(call.field)))
        faults.push(`${call.title} ${told(outcome)}`);
    }
    expect(faults).toEqual([]);
    expect(await rows()).toEqual(before);
    expect(wrong.length).toBeGreaterThan(5_000);
  });

  it('is named together with all other wrong arguments', async () => {
    for (const [name, of] of Object.entries(argumentsOf)) {
      const wrong = of(right).map(({ name: field, fields = {} }) => {
        const all = Object.fromEntries(Object.keys(fields).map((one) => [one, Symbol('wrong')]));
        return Object.keys(fields).length === 0
          ? { field: [field], value: Symbol('wrong') }
          : { field: Object.keys(fields), value: all };
      });
      const outcome = await outcomeOf(() => methodOf(name)(...wrong.map(({ value }) => value)));
      expect([name, fieldsOf(outcome)?.sort()]).toEqual([name, wrong.flatMap(({ field }) => field).sort()]);
    }
  });

  it('that is unusual but valid finds no other rows, and fails only with a code of this package', async () => {
    const faults: string[] = [];
    for (const { name, call } of calls().filter(({ call: { isRight } }) => isRight)) {
      await rolledBack(layer.dataSource, async (manager) => {
        // A recount opens transactions of its own, and refuses one of its caller's
        const within = name === 'RetentionRepository.recount' ? undefined : manager;
        const outcome = await outcomeOf(() => methodOf(name, within)(...call.values));
        const { error, value } = outcome;
        const isKnown = isProtectionFlowsError(error) && answers.includes(error.code);
        // Which columns a flow needs depends on its type
        const isOfType = fieldsOf(outcome) !== null && told(outcome).includes('must be given for a');
        if (error !== undefined && !isKnown && !isOfType) faults.push(`${call.title} ${told(outcome)}`);
        const isId = /^(id|flowId|jobId|scheduleId)$/.test(call.field);
        if (
          isId &&
          value &&
          JSON.stringify(value).includes(right.flow) &&
          !name.endsWith('.start') &&
          !name.endsWith('.enqueue')
        )
          faults.push(`${call.title} answered with another row`);
      });
    }
    expect(faults).toEqual([]);
  });
});
