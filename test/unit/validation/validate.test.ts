import { validationFailed } from '../../../src/errors';
import { validateExecution, validateFlow } from '../../../src/validation';

const backup = {
  name: 'Nightly',
  flow_type: 'backup',
  target_type: 'vm',
  target_id: 'ctx-1',
  repository_id: 'repo-1',
};
const run = { flow_id: 'f1', execution_type: 'manual' };
const wrong = (faults: ReturnType<typeof validateFlow>) => faults.map(({ field }) => field);
const flowWith = (fields: object) => wrong(validateFlow({ ...backup, ...fields }));
const runWith = (fields: object) => wrong(validateExecution({ ...run, ...fields }));

// Without these, an API would report wrong input one field at a time, or by the database's error.
describe('a new flow', () => {
  it('is valid with only its required columns', () => {
    expect(validateFlow(backup)).toEqual([]);
    const replication = {
      ...backup,
      flow_type: 'replication',
      repository_id: null,
      destination_type: 'vmware',
    };
    expect(validateFlow(replication)).toEqual([]);
  });

  it('is refused with every wrong field at once', () => {
    const faults = validateFlow({
      name: ' ',
      flow_type: 'archive',
      target_id: 7,
      enabled: 1,
      schedule_id: '',
    });
    expect(wrong(faults).sort()).toEqual([
      'enabled',
      'flow_type',
      'name',
      'schedule_id',
      'target_id',
      'target_type',
    ]);
  });

  it.each([[null], [undefined], ['text'], [[]]])(
    'is refused with its missing fields if it is %p',
    (input) => {
      expect(wrong(validateFlow(input)).sort()).toEqual(['flow_type', 'name', 'target_id', 'target_type']);
    },
  );

  it('breaks only one rule with null in a required field', () => {
    expect(validateFlow({ ...backup, name: null })).toEqual([
      { field: 'name', constraints: { isDefined: 'name should not be null or undefined' } },
    ]);
  });

  it('breaks the rule of its type without its repository or destination', () => {
    expect(validateFlow({ ...backup, repository_id: undefined })).toEqual([
      {
        field: 'repository_id',
        constraints: { flowType: 'repository_id must be given for a backup flow' },
      },
    ]);
    expect(flowWith({ flow_type: 'replication' })).toEqual(['destination_type']);
  });

  it('accepts null in optional fields, and leaves out those that the database fills', () => {
    const nothing = {
      description: null,
      policy_id: null,
      destination_config: null,
      last_execution_time: null,
    };
    expect(flowWith({ ...nothing, schedule_id: null, created_by: undefined, id: undefined })).toEqual([]);
  });

  it('counts a name in characters, as the server does', () => {
    expect(flowWith({ name: '💾'.repeat(255) })).toEqual([]);
    expect(flowWith({ name: '❤️'.repeat(200) })).toEqual(['name']);
    expect(flowWith({ name: 'a'.repeat(256) })).toEqual(['name']);
  });

  it('counts a description in bytes, as the server does', () => {
    expect(flowWith({ description: 'é'.repeat(32_767) })).toEqual([]);
    expect(flowWith({ description: 'é'.repeat(32_768) })).toEqual(['description']);
    expect(flowWith({ description: '' })).toEqual([]);
  });

  it.each([['true'], [1], [0]])('does not accept %p as a boolean', (enabled) => {
    expect(flowWith({ enabled })).toEqual(['enabled']);
  });

  it.each([[-1], [1.5], [2 ** 31], ['3'], [NaN]])('does not accept %p as a counter', (total_executions) => {
    expect(flowWith({ total_executions })).toEqual(['total_executions']);
  });

  it.each([
    ['a list', []],
    ['text', '{}'],
    ['a date inside', { at: new Date() }],
  ])('does not accept %s as a configuration', (_, destination_config) => {
    expect(flowWith({ destination_config })).toEqual(['destination_config']);
  });

  it.each([[new Date('nonsense')], [new Date('2040-01-01')], ['2025-10-09'], [0]])(
    'does not take %p for a time',
    (next_execution_time) => expect(flowWith({ next_execution_time })).toEqual(['next_execution_time']),
  );

  it('can have cancelled as its last status', () => {
    expect(flowWith({ last_execution_status: 'cancelled' })).toEqual([]);
  });
});

describe('a change of a flow', () => {
  it('needs only the columns that change', () => {
    expect(validateFlow({ enabled: false }, 'update')).toEqual([]);
    expect(wrong(validateFlow({ name: null }, 'update'))).toEqual(['name']);
  });

  it('is validated by the rule of its type only if it contains all columns of that rule', () => {
    expect(validateFlow({ repository_id: null }, 'update')).toEqual([]);
    expect(validateFlow({ flow_type: 'backup' }, 'update')).toEqual([]);
    expect(wrong(validateFlow({ flow_type: 'backup', repository_id: null }, 'update'))).toEqual([
      'repository_id',
    ]);
  });
});

describe('an execution', () => {
  it('accepts bytes up to the largest exact number', () => {
    expect(runWith({ bytes_transferred: Number.MAX_SAFE_INTEGER })).toEqual([]);
    expect(runWith({ bytes_transferred: Number.MAX_SAFE_INTEGER + 1 })).toEqual(['bytes_transferred']);
    expect(runWith({ bytes_transferred: '1' })).toEqual(['bytes_transferred']);
  });

  it('accepts null, an empty list and hundreds of job ids, also with long VM names', () => {
    const ids = Array.from({ length: 300 }, (_, index) => `backup-${'vm'.repeat(60)}-${1760000000 + index}`);
    expect(runWith({ created_job_ids: null })).toEqual([]);
    expect(runWith({ created_job_ids: [] })).toEqual([]);
    expect(runWith({ created_job_ids: ids })).toEqual([]);
  });

  it.each([[['']], [[1]], [[null]], ['backup-a-1'], [{}]])(
    'does not take %j for job ids',
    (created_job_ids) => {
      expect(runWith({ created_job_ids })).toEqual(['created_job_ids']);
    },
  );
});

describe('the faults of a flow', () => {
  it('make one error that names every wrong field', () => {
    const error = validationFailed(
      'ProtectionFlow',
      validateFlow({ ...backup, name: '', repository_id: null }),
    );
    expect(error.message).toMatch(
      /^ProtectionFlow is not valid: name must not be blank; repository_id must be given/,
    );
    expect(error.details['entity']).toBe('ProtectionFlow');
    expect(wrong(error.details['fields'] as never)).toEqual(['name', 'repository_id']);
  });
});
