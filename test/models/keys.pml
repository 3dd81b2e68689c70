/*
 * A foreign key is added to a table in use (src/engine/steps/add-foreign-key.ts, src/engine/orphans/find-orphans.ts), and
 * what stays where the run dies in between. Each step is one statement. Two writers insert children of a parent and
 * delete the parent, in transactions that they commit or roll back. At first there may be an orphan.
 *
 * MYSQL: ALTER TABLE waits for open transactions on the parent too, where MariaDB waits for those on the child alone.
 * CASCADE: the key's rule; else it is RESTRICT. QUARANTINE: what the caller chose for orphans; else to report them.
 */
#ifndef STATEMENTS
#define STATEMENTS 3
#endif
#define other (1 - me)

mtype = { absent, unproven, own };
mtype = {
  begins, insert_child, delete_parent, refuse, commit, roll_back, find_orphans, add_key, scan_uncommitted, scan_committed,
  count_orphans, set_aside, take_off, own_name, gives_up, done, die
};

/* What is committed */
mtype key = absent;
bool parent = true;
bool child[2];
bool aside[2]; /* in quarantine */

/* What the writers' open transactions did */
bool inserts[2];
bool deletes[2];
bool shares[2];   /* the key's check has locked the parent */
bool checked[2];  /* the parent was deleted under the key, which looked for children */

/* For the properties only */
bool was[2];      /* a child was committed */
bool cascaded[2]; /* and went with its parent, by the key's rule */
bool clean;       /* the look at the rows, under the key, has found nothing */
bool returned;    /* the last migrate has returned */

#define is_orphan(i) (child[i] && !parent)
#define some_orphan (is_orphan(0) || is_orphan(1))
/* The same with what is not committed yet */
#define parent_in_sight (parent && !deletes[0] && !deletes[1])
#define child_in_sight(i) (child[i] || inserts[i])
#define orphan_in_sight (!parent_in_sight && (child_in_sight(0) || child_in_sight(1)))

/* ALTER TABLE takes its place between transactions that use the table */
#ifdef MYSQL
#define table_is_free (!inserts[0] && !inserts[1] && !deletes[0] && !deletes[1])
#else
#define table_is_free (!inserts[0] && !inserts[1] && !checked[0] && !checked[1])
#endif

#ifdef SET_ASIDE_WITHOUT_COPY
#define is_copied false
#else
#define is_copied true
#endif

inline tell(who, what) {
  printf("step: %d %e | key=%e parent=%d child0=%d child1=%d aside0=%d aside1=%d\n", who, what, key, parent, child[0], child[1], aside[0], aside[1])
}

/* A transaction of another program, on a connection whose checks are on */
proctype writer(byte me) {
  byte statements = 0;
  do
  :: statements < STATEMENTS ->
    statements++;
    if
    /* INSERT INTO children (id, parent_id): under a key it locks the parent, which it waits for */
    :: atomic {
        !child[me] && !inserts[me] && !aside[me] && (key == absent || !deletes[other]) ->
        if
        :: key != absent && (!parent || deletes[me]) -> tell(me, refuse)
        :: else -> inserts[me] = true; shares[me] = (key != absent); tell(me, insert_child)
        fi }
    /* DELETE FROM parents: waits for whoever has locked the row; under a key it looks for children */
    :: atomic {
        parent && !deletes[me] && !deletes[other] && !shares[other] && (key == absent || !inserts[other]) ->
#ifdef CASCADE
        deletes[me] = true; checked[me] = (key != absent); tell(me, delete_parent)
#else
        if
        :: key != absent && (child[0] || child[1] || inserts[me]) -> tell(me, refuse)
        :: else -> deletes[me] = true; checked[me] = (key != absent); tell(me, delete_parent)
        fi
#endif
      }
    :: true
    fi
  :: inserts[me] || deletes[me] ->
    atomic {
      if
      :: child[me] = child[me] || inserts[me];
        was[me] = was[me] || inserts[me];
        if
        :: deletes[me] -> parent = false
        :: else
        fi;
        if
        :: checked[me] ->
          cascaded[0] = cascaded[0] || child[0]; cascaded[1] = cascaded[1] || child[1];
          child[0] = false; child[1] = false
        :: else
        fi;
        inserts[me] = false; deletes[me] = false; shares[me] = false; checked[me] = false;
        tell(me, commit)
      :: true -> inserts[me] = false; deletes[me] = false; shares[me] = false; checked[me] = false; tell(me, roll_back)
      fi
    }
  :: !inserts[me] && !deletes[me] -> break
  od
}

/* The process dies before its next statement */
inline may_die() {
  if
  :: runs == 1 -> atomic { tell(2, die); goto ended }
  :: true
  fi
}

proctype migrate() {
  byte runs = 0;
  bool uncommitted, committed;
again:
  runs++;
  /* Preflight: findOrphans. A key with orphans is not begun; one that a dead run left unproven is taken off. */
  atomic { committed = some_orphan; tell(2, find_orphans) }
#ifndef QUARANTINE
  if
  :: committed && key == unproven -> goto take_it_off
  :: committed && key == absent -> goto over
  :: else
  fi;
#endif
  may_die();
  if
  :: key == absent ->
    /* addUnvalidated: SET foreign_key_checks = 0; ALTER TABLE … ADD CONSTRAINT …_unproven */
#ifdef OWN_NAME_AT_ONCE
    atomic { table_is_free -> key = own; tell(2, add_key) }
#else
    atomic { table_is_free -> key = unproven; tell(2, add_key) }
#endif
    may_die()
  :: else
#ifdef RESUME_WITHOUT_SCAN
    -> goto name_it
#endif
  fi;
#ifdef SCAN_BEFORE_ADD
  goto name_it;
#endif
look:
  /* findSettledOrphans: once with what is not committed yet (READ UNCOMMITTED), once without */
#ifdef SCAN_COMMITTED_ONLY
  atomic { committed = some_orphan; uncommitted = committed; tell(2, scan_committed) }
#else
  atomic { uncommitted = orphan_in_sight; tell(2, scan_uncommitted) }
  atomic { committed = some_orphan; tell(2, scan_committed) }
#endif
  if
  :: !uncommitted && !committed -> clean = true
  :: uncommitted && committed ->
    /* findOrphans: SELECT … COUNT(*) */
    atomic { committed = some_orphan; tell(2, count_orphans) }
    if
    :: committed ->
#ifdef QUARANTINE
      may_die();
      /* settleOrphans: a transaction that moves the rows */
      atomic {
        if
        :: is_orphan(0) -> child[0] = false; aside[0] = is_copied
        :: else
        fi;
        if
        :: is_orphan(1) -> child[1] = false; aside[1] = is_copied
        :: else
        fi;
        tell(2, set_aside) }
      goto look
#else
#ifdef WAIT_FOR_ORPHANS
      goto look
#else
      goto take_it_off
#endif
#endif
    :: else -> goto look
    fi
  :: else -> goto look
  fi;
  may_die();
name_it:
  /* giveOwnName: ALTER TABLE … ADD CONSTRAINT …, DROP FOREIGN KEY …_unproven, in one statement */
#ifdef NAME_IN_TWO_STATEMENTS
  if
  :: key == unproven ->
    atomic { table_is_free -> key = absent; tell(2, take_off) }
    atomic { table_is_free -> key = own; tell(2, own_name) }
  :: else
  fi;
#else
  atomic { table_is_free -> key = own; tell(2, own_name) }
#endif
  goto over;
take_it_off:
#ifndef LEFT_STANDING
  may_die();
  /* ALTER TABLE … DROP FOREIGN KEY …_unproven */
  atomic { table_is_free -> key = absent; tell(2, take_off) }
#endif
over:
  atomic { returned = true; tell(2, done) }
  goto end_of_all;
ended:
  goto again;
end_of_all:
  skip
}

init {
  atomic {
    if
    :: true
    :: child[0] = true; was[0] = true
    :: child[0] = true; was[0] = true; parent = false
    fi;
    tell(3, begins);
    run writer(0); run writer(1); run migrate()
  }
}

/* "So a key under its own name has no orphans." */
#define OWN_NAME_PROVES (key != own || !some_orphan)
ltl own_name_proves { [] OWN_NAME_PROVES }
/* "This answer is final." */
ltl final { [] (clean -> [] !some_orphan) }
/* "When a migrate has returned, no key stands over an orphan", and none is left unproven. */
#define NONE_LEFT_STANDING (!returned || (key != unproven && (key == absent || !some_orphan)))
ltl none_left_standing { [] NONE_LEFT_STANDING }
/* "A row is either where it was or in quarantine, never in both or in neither", unless the key's own rule deletes it. */
#define kept(i) (!was[i] || child[i] + aside[i] + (cascaded[i] && !child[i] && !aside[i]) == 1)
#define NOTHING_LOST (kept(0) && kept(1))
ltl nothing_lost { [] NOTHING_LOST }
/* Every run ends, once the writers' transactions end */
ltl ends { <> returned }
/* All of them but the last, in one search */
ltl all { ([] (OWN_NAME_PROVES && NONE_LEFT_STANDING && NOTHING_LOST)) && ([] (clean -> [] !some_orphan)) }
