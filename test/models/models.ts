/** A search through all states of a model. The formula must hold in each. */
export interface Search {
  readonly defines: readonly string[];
  readonly formula: string;
  /** True if the formula says that something eventually happens. The search then assumes weak fairness. */
  readonly isFair?: boolean;
}

/** A model without one thing that the code does. The formula must be broken. */
export interface Mutation extends Search {
  /** What the model lacks, as test names say it after `without`. */
  readonly lacks: string;
}

/** A model, the formulas that hold in it, and the formulas that its mutations break. */
export interface Model {
  readonly name: string;
  readonly searches: readonly Search[];
  readonly mutations: readonly Mutation[];
}

const lacking = (
  lacks: string,
  formula: string,
  defines: readonly string[],
  more: Pick<Search, 'isFair'> = {},
): Mutation => ({ lacks, formula, defines, ...more });

/** The lock: GET_LOCK and the lease. */
export const lease: Model = {
  name: 'lease',
  searches: [
    { formula: 'one_at_a_time', defines: ['CLOCK', 'DIES=0', 'STOPS=1'] },
    { formula: 'one_at_a_time', defines: ['CLOCK', 'DIES=2', 'STOPS=0'] },
    { formula: 'no_other', defines: ['CLOCK', 'DIES=0', 'STOPS=2'] },
    { formula: 'no_other', defines: ['CLOCK', 'DIES=0', 'STOPS=0'] },
    { formula: 'one_on_a_server', defines: ['ONE_SERVER', 'CLOCK', 'DIES=0', 'STOPS=1'] },
    { formula: 'at_once', defines: ['DIES=0'], isFair: true },
    { formula: 'runs_out', defines: ['CLOCK', 'DIES=0'], isFair: true },
  ],
  mutations: [
    lacking('the lease (GET_LOCK alone, in a cluster)', 'one_at_a_time', ['WITHOUT_LEASE']),
    lacking('the check of the lease before each statement', 'no_other', [
      'WITHOUT_FENCE',
      'CLOCK',
      'STOPS=0',
    ]),
    lacking('the owner in the WHERE of the renewal', 'no_other', ['RENEW_WITHOUT_OWNER', 'CLOCK', 'STOPS=0']),
    lacking('the owner in the WHERE of the release', 'one_at_a_time', [
      'RELEASE_WITHOUT_OWNER',
      'CLOCK',
      'STOPS=0',
    ]),
    lacking('the margin at the end of the lease', 'one_at_a_time', ['WITHOUT_MARGIN', 'CLOCK']),
    lacking('the node in the WHERE that takes the lease', 'at_once', ['TAKE_WITHOUT_NODE', 'DIES=0'], {
      isFair: true,
    }),
    lacking(
      'the time in the WHERE that takes the lease',
      'runs_out',
      ['TAKE_WITHOUT_TIME', 'CLOCK', 'DIES=0'],
      { isFair: true },
    ),
  ],
};

/** The executions of a flow, and the sessions that claim them. */
export const executions: Model = {
  name: 'executions',
  searches: [
    { formula: 'all', defines: [] },
    { formula: 'all', defines: ['SESSIONS=3', 'CALLS=1'] },
    { formula: 'all', defines: ['MYSQL'] },
  ],
  mutations: [
    lacking('the row lock of claimDue', 'claimed_once', ['CLAIM_WITHOUT_LOCK']),
    lacking('SKIP LOCKED', 'nobody_waits', ['WITHOUT_SKIP_LOCKED']),
    lacking('the row lock of the flow in start', 'one_run', ['START_WITHOUT_LOCK']),
    lacking('the second check of claimQueued', 'one_run', ['WITHOUT_SECOND_LOOK']),
    lacking("the locking read in a caller's transaction", 'one_run', ['READ_FROM_SNAPSHOT']),
    lacking('the state in the WHERE of begin', 'never_left', ['BEGIN_WITHOUT_STATE']),
    lacking('the states in the WHERE that ends a run', 'never_left', ['END_BY_ID']),
    lacking('the states in the WHERE that ends a run', 'one_winner', ['END_BY_ID']),
    lacking('the counters in the statement that ends a run', 'counted_once', ['COUNT_APART']),
    lacking('the next time in the transaction of the claim', 'together', ['ADVANCE_APART']),
    lacking('the silence in the WHERE of reapStale', 'life_saves', ['REAP_WITHOUT_SILENCE']),
  ],
};

/** A foreign key that a migrate adds while other sessions write. */
export const keys: Model = {
  name: 'keys',
  searches: [
    ...[[], ['MYSQL'], ['CASCADE'], ['CASCADE', 'MYSQL'], ['QUARANTINE'], ['QUARANTINE', 'CASCADE']].map(
      (defines) => ({ formula: 'all', defines }),
    ),
    { formula: 'ends', defines: ['STATEMENTS=2'], isFair: true },
    { formula: 'ends', defines: ['STATEMENTS=2', 'QUARANTINE'], isFair: true },
    // On MySQL the ALTER itself waits for a session that has deleted the parent
    { formula: 'all', defines: ['MYSQL', 'SCAN_COMMITTED_ONLY'] },
    // So every orphan exists before the key, and preflight refuses it if orphans are to be reported
    { formula: 'all', defines: ['MYSQL', 'RESUME_WITHOUT_SCAN'] },
  ],
  mutations: [
    lacking('the check of the rows after the key is added', 'own_name_proves', ['SCAN_BEFORE_ADD']),
    lacking('the check of uncommitted rows, on MariaDB', 'own_name_proves', ['SCAN_COMMITTED_ONLY']),
    lacking('the check of uncommitted rows, on MariaDB', 'final', ['SCAN_COMMITTED_ONLY']),
    lacking('the temporary name of an unproven key', 'own_name_proves', ['OWN_NAME_AT_ONCE']),
    lacking('the check of the rows when a run continues a dead one', 'own_name_proves', [
      'RESUME_WITHOUT_SCAN',
    ]),
    lacking('the check of the rows when a run continues a dead one, with quarantine', 'own_name_proves', [
      'RESUME_WITHOUT_SCAN',
      'QUARANTINE',
    ]),
    lacking('the single statement that renames the key', 'own_name_proves', ['NAME_IN_TWO_STATEMENTS']),
    lacking('the copy of the rows in quarantine', 'nothing_lost', ['SET_ASIDE_WITHOUT_COPY', 'QUARANTINE']),
    lacking('the refusal of orphans', 'ends', ['WAIT_FOR_ORPHANS', 'STATEMENTS=2'], { isFair: true }),
    lacking('the drop of a key over orphans', 'none_left_standing', ['LEFT_STANDING']),
  ],
};

/** migrate, rollback, and runs that die. */
export const migrate: Model = {
  name: 'migrate',
  searches: [
    { formula: 'all', defines: [] },
    { formula: 'all', defines: ['RUNS=6'] },
    { formula: 'all', defines: ['LATE', 'WITHOUT_ROLLBACK'] },
  ],
  mutations: [
    lacking('recording a migration only after its work', 'recorded_is_there', ['RECORD_FIRST']),
    lacking('marking a migration before its rollback', 'recorded_is_there', ['WITHOUT_MARK']),
    lacking('redoing a migration whose rollback died', 'finished', ['WITHOUT_REDO']),
    lacking('keeping the record until the rollback is done', 'undone', ['FORGET_FIRST']),
    lacking("the steps' check of the catalog", 'goes_on', ['STEPS_WITHOUT_A_LOOK']),
    // No lock can stop a statement that the server has already received: see docs/migrations.md
    lacking('a stop for a statement that a dead rollback has sent', 'recorded_is_there', ['LATE']),
    lacking('a stop for a statement that a dead rollback has sent', 'finished', ['LATE']),
  ],
};
