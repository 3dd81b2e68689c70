/*
 * migrate and rollback under crashes (src/engine/migrate/migrate.ts, rollback.ts, src/engine/history/history.ts). Each step
 * is one statement; before each the catalog is read. The lock lets one run go at a time, so runs follow each other: RUNS of
 * them, of any kind, of which each but the last may die before any of its statements.
 *
 * There are two migrations. The first makes table a; the second makes table b, which is none of the declared schema (as the
 * ledger is), and an index on a.
 *
 * LATE: a run that dies, or stands still for longer than its lease, leaves one statement on its way, which is executed at
 * any moment later. WITHOUT_ROLLBACK: all runs are migrates.
 */
#ifndef RUNS
#define RUNS 4
#endif

mtype = {
  nothing, create_a, create_b, add_index, drop_a, drop_b, drop_index, record_1, record_2, mark_1, mark_2, unmark_1, unmark_2,
  forget_1, forget_2, begins, migrates, rolls_back, rolls_all_back, returns, fails, dies
};

/* The catalog, and the history */
bool a, b, index;
bool recorded[3], marked[3];
mtype on_its_way = nothing;

/* For the properties only */
bool refused;         /* the server has refused the last statement */
bool disturbed;       /* a late statement was executed since the run began */
bool stuck;           /* a run that nothing disturbed has failed */
bool is_declared;     /* a migrate has returned, and no run has begun since */
bool interrupted;     /* a rollback of all has died, or been refused, in its work, and no migrate has begun since */
bool is_gone;         /* a rollback of all has returned, which found something recorded, or a dead one's rest */
bool newest_is_gone;  /* a rollback of one has returned, which found both recorded */

inline tell(who, what) {
  printf("step: %d %e | a=%d b=%d index=%d recorded1=%d recorded2=%d marked1=%d marked2=%d\n", who, what, a, b, index, recorded[1], recorded[2], marked[1], marked[2])
}

/* What the server does with a statement */
inline execute(who, statement) {
  atomic {
    refused = false;
    if
    :: statement == create_a -> refused = a; a = true
    :: statement == create_b -> refused = b; b = true
    :: statement == add_index -> refused = !a || index; index = index || a
    :: statement == drop_a -> refused = !a; a = false; index = false
    :: statement == drop_b -> refused = !b; b = false
    :: statement == drop_index -> refused = !index; index = false
    :: statement == record_1 -> refused = recorded[1]; recorded[1] = true
    :: statement == record_2 -> refused = recorded[2]; recorded[2] = true
    :: statement == mark_1 -> marked[1] = recorded[1]
    :: statement == mark_2 -> marked[2] = recorded[2]
    :: statement == unmark_1 -> marked[1] = false
    :: statement == unmark_2 -> marked[2] = false
    :: statement == forget_1 -> recorded[1] = false; marked[1] = false
    :: statement == forget_2 -> recorded[2] = false; marked[2] = false
    fi;
    tell(who, statement)
  }
}

/* One statement of a run, which may die before it; the dead one's may be on its way */
inline send(statement) {
  if
  :: runs < RUNS -> atomic {
#ifdef LATE
      if
      :: on_its_way == nothing -> on_its_way = statement
      :: true
      fi;
#endif
      tell(0, dies) }
    goto next
  :: true
  fi;
  execute(0, statement);
  if
  :: refused -> goto failed
  :: else
  fi
}

/* A step decides from the catalog whether it still has to run */
#ifdef STEPS_WITHOUT_A_LOOK
#define if_missing(there) true
#else
#define if_missing(there) !there
#endif

/* runMigration, redoMigration */
inline run_steps(m) {
  if
  :: m == 1 ->
    if
    :: if_missing(a) -> send(create_a)
    :: else
    fi
  :: else ->
    if
    :: if_missing(b) -> send(create_b)
    :: else
    fi;
    if
    :: if_missing(index) -> send(add_index)
    :: else
    fi
  fi
}

inline send_for(m, first, second) {
  if
  :: m == 1 -> send(first)
  :: else -> send(second)
  fi
}

inline do_migrate() {
#ifndef WITHOUT_REDO
  /* redoReverted: brings back what a rollback that died took away, and clears its mark */
  for (m : 1 .. 2) {
    redone[m] = marked[m];
    if
    :: marked[m] -> run_steps(m); send_for(m, unmark_1, unmark_2)
    :: else
    fi
  }
#endif
  /* apply: the steps of each pending migration, then its record */
  for (m : 1 .. 2) {
    if
    :: !recorded[m] && !redone[m] ->
#ifdef RECORD_FIRST
      send_for(m, record_1, record_2); run_steps(m)
#else
      run_steps(m); send_for(m, record_1, record_2)
#endif
    :: else
    fi
  }
}

/* undoNewest: the mark, the steps from last to first, then the record goes. Of a table that goes, its index is not dropped before. */
inline undo(m, all) {
#ifdef FORGET_FIRST
  send_for(m, forget_1, forget_2);
#endif
#ifndef WITHOUT_MARK
  send_for(m, mark_1, mark_2);
#endif
  if
  :: m == 1 ->
    if
    :: a -> send(drop_a)
    :: else
    fi
  :: else ->
    if
    :: index && recorded_2 && !all -> send(drop_index)
    :: else
    fi;
    if
    :: b -> send(drop_b)
    :: else
    fi
  fi;
#ifndef FORGET_FIRST
  send_for(m, forget_1, forget_2)
#endif
}

/* chosen: the newest that are recorded; and before them the table of one that a dead migrate left without a record */
inline do_rollback(all) {
  recorded_2 = recorded[2];
  if
  :: recorded[2] || (recorded[1] && b) -> undo(2, all)
  :: else
  fi;
  if
  :: recorded[1] && (all || !recorded_2) -> undo(1, all)
  :: else
  fi
}

active proctype commands() {
  byte runs = 0, m;
  bool redone[3], recorded_2, whole;
next:
  do
  :: runs < RUNS ->
    runs++;
    atomic { is_declared = false; is_gone = false; newest_is_gone = false; redone[1] = false; redone[2] = false; recorded_2 = false; m = 0; whole = false; disturbed = false }
    if
    :: atomic { interrupted = false; tell(0, migrates) } do_migrate();
      atomic { is_declared = true; tell(0, returns) }
#ifndef WITHOUT_ROLLBACK
    :: atomic { whole = recorded[1] && recorded[2]; tell(0, rolls_back) } do_rollback(false);
      atomic { newest_is_gone = whole; tell(0, returns) }
    :: atomic { whole = recorded[1] || recorded[2] || interrupted; interrupted = whole; tell(0, rolls_all_back) } do_rollback(true);
      atomic { is_gone = whole; interrupted = false; tell(0, returns) }
#endif
    fi
  :: else -> break
  od;
  goto over;
failed:
  atomic { stuck = !disturbed; tell(0, fails) }
  goto next;
over:
  skip
}

#ifdef LATE
active proctype latecomer() {
end:
  do
  :: atomic { on_its_way != nothing -> execute(1, on_its_way); on_its_way = nothing; disturbed = true }
  od
}
#endif

/* A migration that the history records, and whose rollback is not under way, is there */
#define RECORDED_IS_THERE ((!recorded[1] || marked[1] || a) && (!recorded[2] || marked[2] || !recorded[1] || marked[1] || (b && index)))
ltl recorded_is_there { [] RECORDED_IS_THERE }
/* "A run that was killed at any statement is finished by the next one." */
#define FINISHED (!is_declared || (a && b && index && recorded[1] && recorded[2] && !marked[1] && !marked[2]))
ltl finished { [] FINISHED }
/* "A second rollback takes back the rest": what was recorded is gone, and its record with it. */
#define UNDONE ((!is_gone || (!a && !b && !index && !recorded[1] && !recorded[2])) && (!newest_is_gone || (!b && !index && !recorded[2] && a && recorded[1])))
ltl undone { [] UNDONE }
/* "Then either command goes on": no run fails on what a dead one left. */
ltl goes_on { [] !stuck }
/* All of them, in one search */
ltl all { [] (RECORDED_IS_THERE && FINISHED && UNDONE && !stuck) }
