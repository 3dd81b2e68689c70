/*
 * Executions of one flow: claimDue and claimQueued (src/repositories/due), start, begin, finish, cancel and reapStale
 * (src/repositories/executions). Each step is one statement, or COMMIT. A transaction's writes are kept in its session
 * until it commits; other sessions see what is committed, and wait at rows that it has locked.
 *
 * Each session makes CALLS calls of any kind, and may die in any transaction. The flow is due at first, and once more
 * later. MYSQL: a locking read of a run keeps its signs of life waiting; on MariaDB it locks the index alone. WALK: each makes all of its calls, so that a walk of chance is a long one.
 */
#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef CALLS
#define CALLS 2
#endif
#define RUNS 3
#define TIMES 2
#define nobody 9
#define none 9

mtype = { absent, pending, running, success, error, cancelled };
mtype = {
  claim_due, read_active, insert_run, advance, claim_queued, lock_run, lock_free_flow, read_running, begin_runs,
  start, begin, read_run, lock_flow, count_run, start_in_transaction, enqueue, finish, fail, cancel, find_silent, reap,
  heartbeat, commit, roll_back, refused, begins, waits, falls_due, falls_silent, read_status, end_by_id, count_end
};

/* What is committed */
mtype status[RUNS] = absent;
bool silent[RUNS];          /* no sign of life for as long as reapStale asks for */
byte time = 0;              /* the time that next_execution_time stands for */
bool due = true;            /* next_execution_time <= now */
byte total, succeeded, failed;

/* Who has locked the flow's row, and the runs' */
byte flow_lock = nobody;
byte run_lock[RUNS] = nobody;
byte next_run = 0;          /* ids that were given */

/* What was seen, for the properties only */
byte runs_of[TIMES], skips_of[TIMES]; /* what became of each time that was due */
bool begun[RUNS];           /* has been running */
byte ended_by[RUNS];        /* callers that were told that they ended it */
bool left;                  /* a run has left a terminal state */
bool waited;                /* a scheduler has waited for a row */
bool reaped_alive;

#define is_over(s) (s == success || s == error || s == cancelled)
#define is_running(e) (status[e] == running)
#define some_running (is_running(0) || is_running(1) || is_running(2))
#define some_waiting (status[0] == pending || status[1] == pending || status[2] == pending)
#define flow_free(me) (flow_lock == nobody || flow_lock == me)
#define run_free(me, e) (run_lock[e] == nobody || run_lock[e] == me)
#define all_runs_free(me) (run_free(me, 0) && run_free(me, 1) && run_free(me, 2))

inline tell(who, what, e) {
  printf("step: %d %e %d | runs=%e,%e,%e due=%d total=%d succeeded=%d failed=%d\n", who, what, e, status[0], status[1], status[2], due, total, succeeded, failed)
}

/* A committed change of a run's state */
inline become(e, s) {
  left = left || (is_over(status[e]) && status[e] != s);
  status[e] = s;
  begun[e] = begun[e] || s == running
}

/* The row locks of a transaction end with it */
inline unlock(me) {
  if
  :: flow_lock == me -> flow_lock = nobody
  :: else
  fi;
  for (i : 0 .. RUNS - 1) {
    if
    :: run_lock[i] == me -> run_lock[i] = nobody
    :: else
    fi
  }
}

inline choose(e) {
  if
  :: next_run > 0 -> e = 0
  :: next_run > 1 -> e = 1
  :: next_run > 2 -> e = 2
  fi
}

/* DueFlowRepository.claimDue: one transaction, READ COMMITTED */
inline do_claim_due(me) {
  /* lockDue: SELECT … WHERE next_execution_time <= CURRENT_TIMESTAMP … FOR UPDATE SKIP LOCKED */
#ifdef CLAIM_WITHOUT_LOCK
  atomic { found = due && next_run < RUNS; tell(me, claim_due, none) }
#else
#ifdef WITHOUT_SKIP_LOCKED
  if
  :: atomic { due && !flow_free(me) -> waited = true; tell(me, waits, none) }
  :: else
  fi;
  atomic { (!due || flow_free(me)) && next_run < RUNS ->
    if
    :: due -> flow_lock = me; found = true
    :: else -> found = false
    fi;
    tell(me, claim_due, none) }
#else
  atomic { next_run < RUNS ->
    if
    :: due && flow_free(me) -> flow_lock = me; found = true
    :: else -> found = false
    fi;
    tell(me, claim_due, none) }
#endif
#endif
  if
  :: found ->
    /* readActive: SELECT DISTINCT flow_id, status … */
    atomic { seen = some_running; slot = time; tell(me, read_active, none) }
    if
    :: !seen ->
      /* insertRuns: INSERT INTO protection_flow_executions … 'running'; its foreign key locks the flow */
      atomic { flow_free(me) && next_run < RUNS -> flow_lock = me; mine = next_run; next_run++; run_lock[mine] = me; tell(me, insert_run, mine) }
    :: seen -> mine = none
    fi;
#ifdef ADVANCE_APART
    if
    :: mine != none ->
      atomic { claim_commits(me, false); tell(me, commit, none) }
      goto died
    :: else
    fi;
#endif
    /* advance: UPDATE … f SET f.next_execution_time = …, f.total_executions = f.total_executions + 1, … */
    atomic { flow_free(me) -> flow_lock = me; tell(me, advance, none) }
    atomic {
      if
      :: true -> claim_commits(me, true); tell(me, commit, none)
      :: true -> unlock(me); tell(me, roll_back, none)
      fi }
  :: else -> atomic { unlock(me); tell(me, commit, none) }
  fi
}

inline claim_commits(me, advances) {
  if
  :: mine != none -> become(mine, running); total++; runs_of[slot]++
  :: else -> skips_of[slot]++
  fi;
  if
  :: advances -> due = false
  :: else
  fi;
  unlock(me)
}

/* DueFlowRepository.claimQueued: one transaction, READ COMMITTED */
inline do_claim_queued(me) {
  /* chooseWaiting, and lockRuns: SELECT … WHERE id IN (…) AND status = 'pending' FOR UPDATE SKIP LOCKED */
  atomic {
    mine = none;
    if
    :: some_waiting && !some_running ->
      if
      :: status[0] == pending && run_free(me, 0) -> mine = 0
      :: else ->
        if
        :: status[1] == pending && run_free(me, 1) -> mine = 1
        :: else ->
          if
          :: status[2] == pending && run_free(me, 2) -> mine = 2
          :: else
          fi
        fi
      fi
    :: else
    fi;
    if
    :: mine != none -> run_lock[mine] = me
    :: else
    fi;
    tell(me, lock_run, mine)
  }
  if
  :: mine != none ->
    /* lockFreeFlows: SELECT … FROM protection_flows … FOR UPDATE SKIP LOCKED */
    atomic {
      if
      :: flow_free(me) -> flow_lock = me; found = true
      :: else -> found = false
      fi;
      tell(me, lock_free_flow, none) }
    if
    :: found ->
      /* "Asked again: a run may have begun before the flows were locked" */
#ifdef WITHOUT_SECOND_LOOK
      atomic { seen = false; tell(me, read_running, none) }
#else
      atomic { seen = some_running; tell(me, read_running, none) }
#endif
      if
      :: !seen ->
        /* beginRuns: UPDATE … SET status = 'running' … WHERE id IN (…) AND status = 'pending' */
        atomic { tell(me, begin_runs, mine) }
        atomic {
          if
          :: true -> become(mine, running); total++; unlock(me); tell(me, commit, none)
          :: true -> unlock(me); tell(me, roll_back, none)
          fi }
      :: else -> atomic { unlock(me); tell(me, commit, none) }
      fi
    :: else -> atomic { unlock(me); tell(me, commit, none) }
    fi
  :: else -> atomic { unlock(me); tell(me, commit, none) }
  fi
}

/* ExecutionRepository.start: one transaction of its own; or in one of the caller's, which has read before */
inline do_start(me) {
  if
  :: joined = false
  :: joined = true;
    atomic { snapshot = some_running; tell(me, start_in_transaction, none) }
  fi;
#ifndef START_WITHOUT_LOCK
  /* lockFlow: SELECT … FROM protection_flows WHERE id = ? FOR UPDATE */
  atomic { flow_free(me) && next_run < RUNS -> flow_lock = me; tell(me, lock_flow, none) }
#endif
  /* findRunningOf: SELECT … AND status = 'running'; in a caller's transaction LOCK IN SHARE MODE, which reads what is there now */
#ifdef READ_FROM_SNAPSHOT
  atomic { seen = (joined -> snapshot : some_running); tell(me, read_running, none) }
#else
  atomic { !joined || all_runs_free(me) ->
    seen = some_running;
#ifdef MYSQL
    if
    :: joined && is_running(0) -> run_lock[0] = me
    :: joined && is_running(1) -> run_lock[1] = me
    :: joined && is_running(2) -> run_lock[2] = me
    :: !joined || !some_running
    fi;
#endif
    tell(me, read_running, none) }
#endif
  if
  :: !seen && next_run < RUNS ->
    /* insert: INSERT INTO protection_flow_executions … 'running'; its foreign key locks the flow */
    atomic { flow_free(me) && next_run < RUNS -> flow_lock = me; mine = next_run; next_run++; run_lock[mine] = me; tell(me, insert_run, mine) }
    /* UPDATE protection_flows SET total_executions = total_executions + 1, … */
    atomic { flow_free(me) -> flow_lock = me; tell(me, count_run, none) }
    atomic {
      if
      :: true -> become(mine, running); total++; unlock(me); tell(me, commit, none)
      :: true -> unlock(me); tell(me, roll_back, none)
      fi }
  :: else -> atomic { unlock(me); tell(me, refused, none) }
  fi
}

/* ExecutionRepository.begin: one transaction, READ COMMITTED */
inline do_begin(me) {
  choose(mine);
  atomic { status[mine] != absent -> tell(me, read_run, mine) }
  atomic { flow_free(me) -> flow_lock = me; tell(me, lock_flow, none) }
  atomic { seen = some_running; tell(me, read_running, none) }
  if
  :: !seen ->
    /* beginRuns: UPDATE … WHERE id IN (?) AND status = 'pending' */
    atomic { run_free(me, mine) ->
      run_lock[mine] = me;
#ifdef BEGIN_WITHOUT_STATE
      found = true;
#else
      found = (status[mine] == pending);
#endif
      tell(me, begin_runs, mine) }
    atomic {
      if
      :: found -> become(mine, running); total++; unlock(me); tell(me, commit, none)
      :: !found -> unlock(me); tell(me, commit, none)
      :: true -> unlock(me); tell(me, roll_back, none)
      fi }
  :: else -> atomic { unlock(me); tell(me, refused, none) }
  fi
}

/* enqueue: INSERT INTO protection_flow_executions; its foreign key waits for whoever has locked the flow */
inline do_enqueue(me) {
  atomic { next_run < RUNS && flow_free(me) -> mine = next_run; next_run++; become(mine, pending); tell(me, enqueue, mine) }
}

/* statusesBefore */
#define may_end(s, waiting_too) (s == running || (waiting_too && s == pending))

inline count_ended(e, s) {
  if
  :: s == success -> succeeded++
  :: s == error && begun[e] -> failed++
  :: else
  fi
}

/* endExecution: UPDATE … e JOIN … f SET e.status = ?, f.… = f.… + … WHERE e.id = ? AND e.status IN (…): one guarded UPDATE */
inline do_end(me, what, s, waiting_too) {
  choose(mine);
#ifdef END_BY_ID
  atomic { status[mine] != absent -> seen = may_end(status[mine], waiting_too); tell(me, read_status, mine) }
  atomic { flow_free(me) && run_free(me, mine) ->
    if
    :: seen -> count_ended(mine, s); become(mine, s); ended_by[mine]++
    :: else
    fi;
    tell(me, what, mine) }
#else
#ifdef COUNT_APART
  atomic { flow_free(me) && run_free(me, mine) && status[mine] != absent ->
    found = may_end(status[mine], waiting_too);
    if
    :: found -> become(mine, s); ended_by[mine]++
    :: else
    fi;
    tell(me, what, mine) }
  if
  :: goto died
  :: true
  fi;
  atomic { flow_free(me) ->
    if
    :: found -> count_ended(mine, s)
    :: else
    fi;
    tell(me, count_end, mine) }
#else
  atomic { flow_free(me) && run_free(me, mine) && status[mine] != absent ->
    if
    :: may_end(status[mine], waiting_too) -> count_ended(mine, s); become(mine, s); ended_by[mine]++
    :: else
    fi;
    tell(me, what, mine) }
#endif
#endif
}

/* progress: UPDATE … SET heartbeat_at … WHERE id = ? AND status = 'running' */
inline do_heartbeat(me) {
  choose(mine);
  atomic { run_free(me, mine) && status[mine] != absent ->
    silent[mine] = silent[mine] && !is_running(mine);
    tell(me, heartbeat, mine) }
}

/* reapSilent: SELECT … the silent ones; then endExecution, whose WHERE says again that it is silent */
inline do_reap(me) {
  choose(mine);
  atomic { found = is_running(mine) && silent[mine]; tell(me, find_silent, mine) }
  if
  :: found ->
    atomic { flow_free(me) && run_free(me, mine) ->
#ifdef REAP_WITHOUT_SILENCE
      if
      :: is_running(mine) ->
#else
      if
      :: is_running(mine) && silent[mine] ->
#endif
        reaped_alive = reaped_alive || !silent[mine];
        count_ended(mine, error); become(mine, error); ended_by[mine]++
      :: else
      fi;
      tell(me, reap, mine) }
  :: else
  fi
}

proctype session(byte me) {
  byte calls = 0, mine = none, slot, i;
  bool found, seen, joined, snapshot;
  do
  :: calls < CALLS ->
    calls++;
    if
    :: do_claim_due(me)
    :: do_claim_queued(me)
    :: do_start(me)
    :: do_begin(me)
    :: do_enqueue(me)
    :: do_end(me, finish, success, false)
    :: do_end(me, fail, error, true)
    :: do_end(me, cancel, cancelled, true)
    :: do_heartbeat(me)
    :: do_reap(me)
    fi;
    d_step { mine = none; slot = 0; found = false; seen = false; joined = false; snapshot = false; i = 0 }
#ifdef WALK
  :: calls == CALLS -> break
#else
  :: break
#endif
  od;
died:
  atomic { unlock(me) }
}

/* The clock: the flow falls due once more, and a run that tells nothing grows silent. */
proctype clock() {
  byte e;
end:
  do
  :: atomic { !due && time + 1 < TIMES && flow_lock == nobody -> time++; due = true; tell(SESSIONS, falls_due, none) }
  :: atomic { is_running(0) && !silent[0] && run_lock[0] == nobody -> silent[0] = true; tell(SESSIONS, falls_silent, 0) }
  :: atomic { is_running(1) && !silent[1] && run_lock[1] == nobody -> silent[1] = true; tell(SESSIONS, falls_silent, 1) }
  od
}

/* At first there is nothing, or one run, which waits or is under way. */
init {
  byte s;
  atomic {
    if
    :: true
    :: status[0] = pending; next_run = 1
    :: status[0] = running; next_run = 1; begun[0] = true; total = 1
    fi;
    tell(SESSIONS, begins, none);
    for (s : 0 .. SESSIONS - 1) { run session(s) }
    run clock()
  }
}

/* "A flow has at most one run under way." */
#define ONE_RUN (is_running(0) + is_running(1) + is_running(2) <= 1)
ltl one_run { [] ONE_RUN }
/* "Each due run is claimed by one of them." */
#define CLAIMED_ONCE (runs_of[0] + skips_of[0] <= 1 && runs_of[1] + skips_of[1] <= 1)
ltl claimed_once { [] CLAIMED_ONCE }
/* "The run is there, and the flow's next time is set, or neither." */
#define TOGETHER ((runs_of[time] + skips_of[time] > 0) == !due)
ltl together { [] TOGETHER }
/* "The last four states are never left." */
ltl never_left { [] !left }
/* total_executions "counts every run that began", the others those that ended with success and error */
#define COUNTED_ONCE (total == begun[0] + begun[1] + begun[2] && succeeded == are(success) && failed == failures)
#define are(s) ((status[0] == s) + (status[1] == s) + (status[2] == s))
#define failures ((status[0] == error && begun[0]) + (status[1] == error && begun[1]) + (status[2] == error && begun[2]))
ltl counted_once { [] COUNTED_ONCE }
/* finish, cancel: "true for one caller" */
#define ONE_WINNER (ended_by[0] <= 1 && ended_by[1] <= 1 && ended_by[2] <= 1)
ltl one_winner { [] ONE_WINNER }
/* reapStale ends runs "that gave no sign of life for so long": one that comes in between saves the run */
ltl life_saves { [] !reaped_alive }
/* "Locked rows are skipped": no scheduler waits for another */
ltl nobody_waits { [] !waited }
/* All of them, in one search */
ltl all { [] (ONE_RUN && CLAIMED_ONCE && TOGETHER && !left && COUNTED_ONCE && ONE_WINNER && !reaped_alive && !waited) }
