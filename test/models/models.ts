/** A search of all states of a model, in which the formula has to hold. */
export interface Search {
  readonly defines: readonly string[];
  readonly formula: string;
  /** Whether the formula says what has to happen some time, so that nothing may be put off for ever. */
  readonly isFair?: boolean;
}

/** A model that lacks something of what the code does, so that a formula has to be broken. */
export interface Mutation extends Search {
  /** What it lacks. */
  readonly lacks: string;
}

/** A model, what holds in it, and what does not hold without a part of it. */
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
    lacking('the lease: GET_LOCK alone, in a cluster', 'one_at_a_time', ['WITHOUT_LEASE']),
    lacking('the question before each statement', 'no_other', ['WITHOUT_FENCE', 'CLOCK', 'STOPS=0']),
    lacking('the owner in the renewal', 'no_other', ['RENEW_WITHOUT_OWNER', 'CLOCK', 'STOPS=0']),
    lacking('the owner in the release', 'one_at_a_time', ['RELEASE_WITHOUT_OWNER', 'CLOCK', 'STOPS=0']),
    lacking('the margin at the end of the lease', 'one_at_a_time', ['WITHOUT_MARGIN', 'CLOCK']),
    lacking('the node in the taking', 'at_once', ['TAKE_WITHOUT_NODE', 'DIES=0'], { isFair: true }),
    lacking('the time in the taking', 'runs_out', ['TAKE_WITHOUT_TIME', 'CLOCK', 'DIES=0'], { isFair: true }),
  ],
};

/** Executions of a flow, and who claims them. */
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
    lacking('the lock of the flow in start', 'one_run', ['START_WITHOUT_LOCK']),
    lacking('the second look of claimQueued', 'one_run', ['WITHOUT_SECOND_LOOK']),
    lacking("the locking read in a caller's transaction", 'one_run', ['READ_FROM_SNAPSHOT']),
    lacking('the state in the WHERE of begin', 'never_left', ['BEGIN_WITHOUT_STATE']),
    lacking('the states in the WHERE of an end', 'never_left', ['END_BY_ID']),
    lacking('the states in the WHERE of an end', 'one_winner', ['END_BY_ID']),
    lacking('the counters in the statement that ends', 'counted_once', ['COUNT_APART']),
    lacking('the next time in the transaction of the claim', 'together', ['ADVANCE_APART']),
    lacking('the silence in the WHERE of reapStale', 'life_saves', ['REAP_WITHOUT_SILENCE']),
  ],
};

/** A key that is added while others write. */
export const keys: Model = {
  name: 'keys',
  searches: [
    ...[[], ['MYSQL'], ['CASCADE'], ['CASCADE', 'MYSQL'], ['QUARANTINE'], ['QUARANTINE', 'CASCADE']].map(
      (defines) => ({ formula: 'all', defines }),
    ),
    { formula: 'ends', defines: ['STATEMENTS=2'], isFair: true },
    { formula: 'ends', defines: ['STATEMENTS=2', 'QUARANTINE'], isFair: true },
    // There it is the server that waits for whoever has deleted the parent
    { formula: 'all', defines: ['MYSQL', 'SCAN_COMMITTED_ONLY'] },
    // So an orphan is there before the key or never, and preflight refuses it where orphans are to be reported
    { formula: 'all', defines: ['MYSQL', 'RESUME_WITHOUT_SCAN'] },
  ],
  mutations: [
    lacking('the look at the rows after the key was added', 'own_name_proves', ['SCAN_BEFORE_ADD']),
    lacking('the look at what is not committed, on MariaDB', 'own_name_proves', ['SCAN_COMMITTED_ONLY']),
    lacking('the look at what is not committed, on MariaDB', 'final', ['SCAN_COMMITTED_ONLY']),
    lacking('the name of an unproven key', 'own_name_proves', ['OWN_NAME_AT_ONCE']),
    lacking('the look at the rows where a dead run goes on', 'own_name_proves', ['RESUME_WITHOUT_SCAN']),
    lacking('the same, where orphans are set aside', 'own_name_proves', [
      'RESUME_WITHOUT_SCAN',
      'QUARANTINE',
    ]),
    lacking('the one statement that names the key', 'own_name_proves', ['NAME_IN_TWO_STATEMENTS']),
    lacking('the copy of what is set aside', 'nothing_lost', ['SET_ASIDE_WITHOUT_COPY', 'QUARANTINE']),
    lacking('the refusal of orphans', 'ends', ['WAIT_FOR_ORPHANS', 'STATEMENTS=2'], { isFair: true }),
    lacking('the drop of a key over orphans', 'none_left_standing', ['LEFT_STANDING']),
  ],
};

/** migrate and rollback, and runs that die. */
export const migrate: Model = {
  name: 'migrate',
  searches: [
    { formula: 'all', defines: [] },
    { formula: 'all', defines: ['RUNS=6'] },
    { formula: 'all', defines: ['LATE', 'WITHOUT_ROLLBACK'] },
  ],
  mutations: [
    lacking('the record after the work', 'recorded_is_there', ['RECORD_FIRST']),
    lacking('the mark before the undoing', 'recorded_is_there', ['WITHOUT_MARK']),
    lacking('the way back from a rollback that died', 'finished', ['WITHOUT_REDO']),
    lacking('the record until all is undone', 'undone', ['FORGET_FIRST']),
    lacking("the steps' look at the catalog", 'goes_on', ['STEPS_WITHOUT_A_LOOK']),
    // No lock of any program keeps these from a server that has them already: docs/migrations.md says so
    lacking('nothing, but a rollback leaves a statement on its way', 'recorded_is_there', ['LATE']),
    lacking('nothing, but a rollback leaves a statement on its way', 'finished', ['LATE']),
  ],
};
