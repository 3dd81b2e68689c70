import { flowStatuses } from '../../../src/domain';
import { flowTypeFieldFaults } from '../../../src/validation/validate';

const faults = (flow: object) => flowTypeFieldFaults({ ...flow }, { complete: true });

// Without these, the validators and the database's CHECK could come to different verdicts.
describe("the rule of a flow's type", () => {
  it('asks a backup flow for its repository', () => {
    expect(faults({ flow_type: 'backup', destination_type: 'vmware' })).toEqual([
      { field: 'repository_id', constraints: { flowType: 'repository_id must be given for a backup flow' } },
    ]);
  });

  it('asks a replication flow for its destination', () => {
    expect(faults({ flow_type: 'replication', repository_id: 'r1' })).toEqual([
      {
        field: 'destination_type',
        constraints: { flowType: 'destination_type must be given for a replication flow' },
      },
    ]);
  });

  it('counts null as missing', () => {
    expect(faults({ flow_type: 'backup', repository_id: null })).toHaveLength(1);
  });

  it('finds nothing wrong with a complete flow of either type', () => {
    expect(faults({ flow_type: 'backup', repository_id: 'r1' })).toEqual([]);
    expect(faults({ flow_type: 'replication', destination_type: 'ossea' })).toEqual([]);
  });

  it('leaves an unknown type to the rule of the type field', () => {
    expect(faults({ flow_type: null })).toEqual([]);
  });
});

describe('the last status of a flow', () => {
  it('can be cancelled, a value appended at the end so that the server need not rebuild the table', () => {
    expect(flowStatuses.at(-1)).toBe('cancelled');
  });
});
