import 'reflect-metadata';
import { IsArray, IsEmail, Validate, ValidateIf, ValidateNested, validateSync } from 'class-validator';
import { ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { Nullable, Required, Text } from '../../../src/entities/rules';
import type { WriteMode } from '../../../src/validation';
import { isKnownRight } from '../../../src/validation/known-right';

/** The result of class-validator itself, with the options that the package uses. */
function isRight(target: new () => object, values: object, mode: WriteMode): boolean {
  const row = Object.assign(new target(), values);
  const options = { always: true, groups: [mode], skipUndefinedProperties: true };
  return validateSync(row, options).length === 0;
}

const flow = {
  name: 'nightly',
  flow_type: 'backup',
  target_type: 'vm',
  target_id: 'vm-1',
  repository_id: 'r',
  enabled: true,
};
const execution = { flow_id: 'f', execution_type: 'api', status: 'running' };

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const values: readonly unknown[] = [
  undefined, null, true, false, 0, 1, -1, 1.5, NaN, Infinity, 2_147_483_647, 2_147_483_648, 2 ** 53, 10n, '', ' ', 'x',
  'x'.repeat(64), 'x'.repeat(65), 'ü'.repeat(64), '😀'.repeat(64), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(65_536),
  'backup', 'vm', 'ossea', 'pending', 'running', 'success', 'api', 'manual', 'nonsense', '1', 'true', new Date(0),
  new Date(1_800_000_000_000), new Date(NaN), new Date(5_000_000_000_000), {}, { a: 1 }, { a: undefined }, circular, [],
  ['a'], [''], [1], [null], new Map(), new String('x'), () => 'x', Symbol('x'), Promise.resolve('x'),
]; // prettier-ignore

/** Guards that the fast check agrees with class-validator, so that no fault passes and no message is lost. */
describe.each([
  ['a flow', ProtectionFlow, flow],
  ['an execution', ProtectionFlowExecution, execution],
] as const)('%s', (_, target, right) => {
  const properties = Object.keys({
    ...right,
    ...{
      id: 0,
      description: 0,
      destination_config: 0,
      destination_type: 0,
      next_execution_time: 0,
      created_at: 0,
    },
    ...{ total_executions: 0, created_by: 0, bytes_transferred: 0, created_job_ids: 0, error_message: 0 },
    ...{ execution_metadata: 0, started_at: 0, vms_processed: 0, last_execution_status: 0, no_column: 0 },
  });

  it.each(properties)('%s: is known to be right exactly if class-validator finds no fault', (property) => {
    const differing = (['insert', 'update'] as const).flatMap((mode) =>
      values
        .map((value) => ({ mode, value, whole: { ...right, [property]: value } }))
        .filter(({ whole }) => isKnownRight(target, whole, mode) !== isRight(target, whole, mode)),
    );
    expect(differing).toEqual([]);
  });

  it('requires the columns of a new row, and none of an update', () => {
    expect(isKnownRight(target, {}, 'insert')).toBe(false);
    expect(isKnownRight(target, {}, 'update')).toBe(true);
    expect(isKnownRight(target, right, 'insert')).toBe(true);
  });
});

/** Guards that rules of other kinds are left to class-validator if an entity ever gets one. */
it('does not know rules that look at more than one value', () => {
  class Asked {
    async validate(): Promise<boolean> {
      return Promise.resolve(false);
    }
  }
  class Other {
    @Required()
    @Text({ max: 5 })
    plain!: string;
    @ValidateIf(() => false)
    @Text({ max: 5 })
    conditional!: string;
    @Text({ max: 5 })
    @IsEmail({}, { each: true })
    each!: string;
    @IsArray()
    @ValidateNested()
    nested!: unknown[];
    @Validate(Asked)
    asked!: string;
    @Nullable()
    @Text({ max: 5 })
    nullable!: string | null;
  }
  const known = (more: object): boolean => isKnownRight(Other, { plain: 'x', ...more }, 'insert');
  expect(known({ nullable: null })).toBe(true);
  for (const [property, value] of Object.entries({ conditional: 'x', each: 'x', nested: [], asked: 'x' }))
    expect([property, known({ [property]: value })]).toEqual([property, false]);
});
