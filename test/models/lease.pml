/*
 * The migration lock: GET_LOCK and the lease (src/engine/session/lock.ts, lease.ts). Each step is one statement.
 *
 * Sessions 0 and 1 are on node 0, session 2 on node 1 of a cluster. ONE_SERVER: all three are on node 0.
 *
 * What may happen: DIES is the session whose process may die, at any moment. STOPS is the session that may stand still
 * for longer than its lease lasts. CLOCK: time passes.
 */
#define SESSIONS 3
#define nobody 9
#ifdef ONE_SERVER
#define node(s) 0
#else
#define node(s) (s / 2)
#endif
#ifndef DIES
#define DIES nobody
#endif
#ifndef STOPS
#define STOPS nobody
#endif

/* How the row's expires_at stands to the server's clock: further ahead than the margin, nearer, past */
mtype = { ahead, near, past };
mtype = { get_lock, take, fresh, not_fresh, renew, lost_it, statement, ends, release, release_lock, die, grows_near, passes };

/* What the servers hold */
byte user_lock[2] = nobody; /* GET_LOCK of each node */
byte owner = nobody;        /* sendense_flow_lock: owner, node, expires_at */
byte owner_node = nobody;
mtype expires = past;

/* What the runs are at */
bool wants[SESSIONS] = true;
bool checked[SESSIONS];     /* has seen that it holds the lease, and not begun its statement yet */
bool checked_near[SESSIONS];
bool executes[SESSIONS];
bool dead[SESSIONS];
bool stopped[SESSIONS];     /* stood still while its lease ran out */
byte late[SESSIONS];        /* statements that it began after it had lost the lease */

#define sound(s) (!dead[s] && !stopped[s])
#define both(a, b) (executes[a] && executes[b] && sound(a) && sound(b))

inline tell(who, what) {
  printf("step: %d %e | lock0=%d lock1=%d owner=%d expires=%e\n", who, what, user_lock[0], user_lock[1], owner, expires)
}

#ifdef TAKE_WITHOUT_NODE
#define same_node(s) false
#else
#define same_node(s) (owner_node == node(s))
#endif
#ifdef TAKE_WITHOUT_TIME
#define run_out false
#else
#define run_out (expires == past)
#endif
#ifdef RENEW_WITHOUT_OWNER
#define may_renew(s) true
#else
#define may_renew(s) (owner == s)
#endif
#ifdef RELEASE_WITHOUT_OWNER
#define may_release(s) true
#else
#define may_release(s) (owner == s)
#endif
#ifdef WITHOUT_MARGIN
#define is_fresh(s) (owner == s && expires != past)
#else
#define is_fresh(s) (owner == s && expires == ahead)
#endif

proctype migrate(byte me) {
  byte statements = 0;
  {
    /* takeServerLock: SELECT GET_LOCK(?, 1) */
    atomic {
      user_lock[node(me)] == nobody ->
      user_lock[node(me)] = me;
      tell(me, get_lock)
    }
#ifndef WITHOUT_LEASE
    /* Lease.take: UPDATE … SET owner = ? WHERE owner IS NULL OR node = ? OR NOT expires_at BETWEEN …; asked again until it is had */
    atomic {
      (owner == nobody || same_node(me) || run_out) ->
      owner = me; owner_node = node(me); expires = ahead; wants[me] = false;
      tell(me, take)
    }
#endif
    do
    :: statements < 3 ->
#if !defined(WITHOUT_LEASE) && !defined(WITHOUT_FENCE)
      /* Lease.isFresh: SELECT 1 … WHERE owner = ? AND expires_at > now + margin */
      if
      :: atomic { is_fresh(me) -> checked[me] = true; checked_near[me] = (expires == near); tell(me, fresh) }
      :: atomic { !is_fresh(me) -> tell(me, not_fresh) }
        /* Lease.renew: UPDATE … SET expires_at = … WHERE owner = ? */
        if
        :: atomic { may_renew(me) -> expires = ahead; checked[me] = true; checked_near[me] = false; tell(me, renew) }
        :: atomic { !may_renew(me) -> tell(me, lost_it) } goto lost
        fi
      fi;
#endif
      /* The statement that changes the schema: it begins, and ends */
      atomic {
        executes[me] = true; checked[me] = false;
        if
        :: owner != me -> late[me]++
        :: else
        fi;
        tell(me, statement)
      }
      atomic { executes[me] = false; statements++; tell(me, ends) }
    :: break
    od;
#ifndef WITHOUT_LEASE
    /* Lease.release: UPDATE … SET owner = NULL … WHERE owner = ? */
    atomic {
      if
      :: may_release(me) -> owner = nobody; owner_node = nobody; expires = past
      :: else
      fi;
      tell(me, release)
    }
#endif
lost:
    /* SELECT RELEASE_LOCK(?) */
    atomic { user_lock[node(me)] = nobody; tell(me, release_lock) }
  } unless {
    /* Its process dies. The server ends the session, once the statement under way has ended, and its GET_LOCK with it. */
    atomic { dead[me] -> wants[me] = false; checked[me] = false };
    atomic {
      executes[me] = false;
      if
      :: user_lock[node(me)] == me -> user_lock[node(me)] = nobody
      :: else
      fi;
      tell(me, die)
    }
  }
}

#if DIES != nobody
active proctype death() {
  if
  :: dead[DIES] = true
  :: true
  fi
}
#endif

#ifdef CLOCK
/* What is near in the margin's sense is past after a moment, which nobody has stood still for. */
active proctype clock() {
end:
  do
  :: atomic { owner != nobody && expires == ahead -> expires = near; tell(SESSIONS, grows_near) }
  :: atomic {
      owner != nobody && expires == near && (dead[owner] || owner == STOPS || !(checked[owner] || executes[owner]) || checked_near[owner]) ->
      expires = past;
      if
      :: !dead[owner] && (checked[owner] || executes[owner]) && !checked_near[owner] -> stopped[owner] = true
      :: else
      fi;
      tell(SESSIONS, passes)
    }
  od
}
#endif

init {
  atomic { run migrate(0); run migrate(1); run migrate(2) }
}

/* "Whatever changes the schema does it under a lock: one at a time." */
ltl one_at_a_time { [] !(both(0, 1) || both(0, 2) || both(1, 2)) }
/* The same on one server, whoever dies or stands still: the server's own lock holds. */
ltl one_on_a_server { [] (executes[0] + executes[1] + executes[2] <= 1) }
/* "The one statement that was on its way is executed, no other." */
ltl no_other { [] (late[0] <= 1 && late[1] <= 1 && late[2] <= 1) }
/* "When a holder dies, others on that server go on at once": no clock is needed. */
ltl at_once { [] ((dead[0] && owner == 0 && wants[1]) -> <> (owner != 0)) }
/* "Where the holder dies, other nodes go on when the lease runs out." */
ltl runs_out { [] ((dead[0] && owner == 0 && wants[2]) -> <> (owner != 0)) }
