/* Latchkey's coherence protocol, for one key: the batch of a change, settles, and the life of a fence. An isolate
 * has no view of its fence here and asks it each time; view.pml has the view. See README.md for what is left out and
 * why.
 *
 * The guarantee: a verification that begins after a change was answered with 200 uses a record at least as
 * new. It is asserted wherever a verification decides.
 *
 * A step is atomic (d_step) only where it is so in reality: one D1 batch or statement, one synchronous
 * turn of a fence or of an isolate. Every loop may stop forever after any step: that is a crash. */

/* ---- sizes; every configuration of check.sh sets some of them ------------------------------------ */
#ifndef FENCES
#define FENCES 1        /* regions, each with its fence */
#endif
#ifndef LOOKUPS
#define LOOKUPS 1       /* concurrent verifications; one isolate represents all isolates */
#endif
#ifndef SETTLERS
#define SETTLERS 2      /* concurrent settles: changers after their commit, retries, the reconciler */
#endif
#ifndef CHANGES
#define CHANGES 2       /* committed changes of the key, by any Workers */
#endif
#ifndef COUNTER
#define COUNTER 6       /* the highest sequence: 1 + changes + registrations + changes of other keys */
#endif
#ifndef L
#define L 1             /* the lease, in ticks */
#endif
#ifndef MARGIN
#define MARGIN 0
#endif
#ifndef READER_LAG
#define READER_LAG 0    /* the maximum lag of a verification's clock, which stands still between I/O */
#endif
#ifndef CHANGER_LAG
#define CHANGER_LAG 0   /* the same, for the Worker that waits */
#endif

/* Two look-ups share one isolate and its memory, unless APART is defined. */
#ifdef APART
#define ISOLATES LOOKUPS
#define ISOLATE(r) (r)
#else
#define ISOLATES 1
#define ISOLATE(r) 0
#endif
#if defined(APART) && FENCES > 1
#define NEAREST(r) (r)
#else
#define NEAREST(r) 0
#endif

/* MUT_…: a mutant, which must give an error. SEEN_…: an assertion that a state is never reached, which must
 * give an error too: it shows that the configuration reaches that state. */

/* ---- mutants of the constants ----------------------------------------------------------------------- */
#ifdef MUT_no_margin
#undef MARGIN
#define MARGIN 0
#endif
#ifdef MUT_margin_for_readers_only
#undef MARGIN
#define MARGIN READER_LAG
#endif

#define EXPIRED (L + READER_LAG)               /* ages stop here: on every clock the lease has expired */
#define WAITED (L + MARGIN - CHANGER_LAG)      /* the shortest wait of a Worker whose clock lags */

/* ---- D1 -------------------------------------------------------------------------------------------- */
byte counter = 1;                /* the sequence; the key was created with 1 */
byte highest = 1;                /* "now in ms": above every sequence ever assigned */
byte version = 0;                /* the state of the key's row: how many changes it has seen */
byte changedAt[4] = 255;         /* changedAt[v]: the sequence of the change that made version v */
byte listed[FENCES];             /* the row in `fence`: the sequence of its registration; 0: none */
byte pending[FENCES];            /* the row in `pending_raise`; 0: none */

/* ---- fences: minSeq and floor are durable, a registration in flight is not ---------------------------- */
byte minSeq[FENCES];             /* 0: empty: read D1 */
byte floor[FENCES];
byte registration[FENCES];       /* committed in D1, not yet known to the fence */
#ifdef RETIRE
byte registeredSeq[FENCES];
byte retiring[FENCES];           /* the DELETE of a retiring fence, in flight to D1 */
#endif

/* ---- isolates: the record in memory, with the age of its lease if D1 gave it ---------------------------- */
byte heldAsOf[ISOLATES];         /* 0: none */
byte heldVersion[ISOLATES];
byte heldAge[ISOLATES] = EXPIRED;

/* ---- verifications in flight -------------------------------------------------------------------------- */
#define IDLE 0
#define REQUESTED 1              /* the reads of the fence and of KV have been sent */
#define FENCE_READ 2             /* the fence has read its state; its answer is in flight */
#define D1_REQUESTED 3           /* the read of D1 has been sent */
#define D1_READ 4                /* D1 has read the row; its answer is in flight */
#define D1_HALF_READ 5           /* only with MUT_asof_apart */
byte at[LOOKUPS];
byte need[LOOKUPS];              /* the newest version answered with 200 when it began */
byte got[LOOKUPS];               /* the requiredSeq, then the asOf of the answer of D1 */
byte gotVersion[LOOKUPS];
byte requestAge[LOOKUPS] = EXPIRED;   /* since the read was sent */

/* ---- settles ------------------------------------------------------------------------------------------ */
bit settling[SETTLERS];
byte claim[SETTLERS];            /* the version that a 200 of this settle guarantees; 0: none is new,
                                    or a fence has not acknowledged, so that the answer is 202 */
byte toRaise[SETTLERS];          /* a bit for every fence that is not raised yet */
byte raised[SETTLERS * FENCES];  /* the pending seq that was read; 0: none, or not acknowledged */
#define RAISED(s, f) raised[(s) * FENCES + (f)]
byte waited[SETTLERS] = WAITED;  /* since the read or the last acknowledgement */

byte answered = 0;               /* the newest version that was answered with 200 */

#ifdef RESTORE
#define NORMAL 0
#define BACKED_UP 1
#define RESETTING 2
#define WAITING 3
#define RESUMED 4
byte stage = NORMAL;
byte backupCounter;
byte backupListed[FENCES];
byte backupPending[FENCES];
byte toReset;
byte restWaited = WAITED;
#define CHANGES_RUN (stage < RESETTING || stage == RESUMED)
#define VERSIONS (CHANGES + (stage >= RESETTING))
#else
#define CHANGES_RUN true
#define VERSIONS CHANGES
#endif

/* Reserves sequences for the remaining changes. */
#define ROOM (highest + VERSIONS - version < COUNTER)

/* seq = max(seq + 1, now): the clock is above every sequence that D1 assigned before a restore. */
inline bump() {
#ifdef MUT_plain_counter
  counter++;
  if :: counter > highest -> highest = counter :: else fi
#else
  highest++;
  counter = highest
#endif
}

/* The version of the row at counter `a`: the version of a record in KV with this asOf. */
#define VERSION_AT(a) (((a) >= changedAt[1]) + ((a) >= changedAt[2]) + ((a) >= changedAt[3]))

/* ======================================================================================================= */
/* Commits. Reading the row and the batch are one step: a batch whose WHERE seq = row.seq fails has only
 * bumped the counter (OTHERS), and one that succeeds found the row unchanged. */

#ifdef MUT_bump_outside
bit bumped;
#endif
#ifdef MUT_list_outside
byte listRead;                   /* bit 7: the list was read */
#endif

inline insertRaises() {
  k = 0;
  do
  :: k < FENCES ->
     if
#ifdef MUT_list_outside
     :: (listRead >> k) & 1 -> pending[k] = counter
#else
     :: listed[k] -> pending[k] = counter
#endif
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0
}

proctype Changes() {
  byte k;
  do
#ifdef MUT_bump_outside
  :: d_step { CHANGES_RUN && !bumped && version < VERSIONS -> bump(); bumped = 1 }
  :: d_step { bumped -> bumped = 0;
#elif defined(MUT_list_outside)
  :: d_step { !listRead && version < VERSIONS ->
       listRead = 128;
       do
       :: k < FENCES ->
          if :: listed[k] -> listRead = listRead | (1 << k) :: else fi;
          k++
       :: else -> break
       od;
       k = 0 }
  :: d_step { listRead -> bump();
#else
  :: d_step { CHANGES_RUN && version < VERSIONS -> bump();
#endif
       version++;
       changedAt[version] = counter;
       insertRaises();
#ifdef MUT_list_outside
       listRead = 0;
#endif
#ifdef MUT_unsettled
       answered = version;
#endif
       skip }
#ifdef OTHERS
  /* Another key is created or changed, or a batch of this key matched no row. */
  :: d_step { CHANGES_RUN && ROOM -> bump() }
#endif
  od
}

/* ======================================================================================================= */
/* A settle by a changer, by its retry or by the reconciler. It guarantees everything that was committed when
 * it read the pending raises, which includes its own change. */

inline raise(f, seq) {
#ifdef MUT_raise_dropped
  if :: minSeq[f] && floor[f] < seq -> floor[f] = seq :: else fi
#else
  if :: floor[f] < seq -> floor[f] = seq :: else fi
#endif
}

inline deleteRaises(s) {
  k = 0;
  do
  :: k < FENCES ->
     if
#ifdef MUT_delete_any_seq
     :: RAISED(s, k) -> pending[k] = 0
#else
     :: RAISED(s, k) && pending[k] <= RAISED(s, k) -> pending[k] = 0
#endif
     :: else
     fi;
     RAISED(s, k) = 0;
     k++
  :: else -> break
  od;
  k = 0
}

inline finish(s) {
  settling[s] = 0; claim[s] = 0; toRaise[s] = 0; waited[s] = WAITED;
  k = 0;
  do :: k < FENCES -> RAISED(s, k) = 0; k++ :: else -> break od;
  k = 0
}

/* A settle with nothing to guarantee, to raise or to delete has no effect. */
inline finishIfUseless(s) {
  if
#if FENCES > 1
  :: !claim[s] && !RAISED(s, 0) && !RAISED(s, 1) -> finish(s)
#else
  :: !claim[s] && !RAISED(s, 0) -> finish(s)
#endif
  :: else
  fi
}

/* 200. Claims that are not newer are dropped: fewer states, the same answers. */
inline answer200(s) {
  if
  :: claim[s] > answered ->
     answered = claim[s];
#ifdef SEEN_answered
     assert(answered < CHANGES);
#endif
#ifdef SEEN_answered_after_retiring
     assert(answered < CHANGES || listed[0]);
#endif
#ifdef SEEN_answered_after_restoring
     assert(stage != RESUMED);
#endif
     k = 0;
     do
     :: k < SETTLERS -> if :: claim[k] <= answered -> claim[k] = 0 :: else fi; k++
     :: else -> break
     od;
     k = 0
  :: else
  fi
}

#define ACKNOWLEDGED(s, f) \
  :: d_step { settling[s] && ((toRaise[s] >> f) & 1) -> \
       raise(f, RAISED(s, f)); \
       toRaise[s] = toRaise[s] & ~(1 << f); \
       waited[s] = AT_ACKNOWLEDGEMENT(s); \
       DELETE_EARLY(s, f) }
#define ACKNOWLEDGEMENT_LOST(s, f) \
  :: d_step { settling[s] && ((toRaise[s] >> f) & 1) -> \
       raise(f, RAISED(s, f)); \
       RAISED(s, f) = 0; toRaise[s] = toRaise[s] & ~(1 << f); UNACKNOWLEDGED(s); finishIfUseless(s) }
#define NOT_REACHED(s, f) \
  :: d_step { settling[s] && ((toRaise[s] >> f) & 1) -> \
       RAISED(s, f) = 0; toRaise[s] = toRaise[s] & ~(1 << f); UNACKNOWLEDGED(s); finishIfUseless(s) }
#define RAISES(s, f) ACKNOWLEDGED(s, f) ACKNOWLEDGEMENT_LOST(s, f) NOT_REACHED(s, f)

#ifdef MUT_wait_from_before
#define AT_ACKNOWLEDGEMENT(s) waited[s]
#else
#define AT_ACKNOWLEDGEMENT(s) 0
#endif
#ifdef MUT_delete_early
#define DELETE_EARLY(s, f) if :: pending[f] <= RAISED(s, f) -> pending[f] = 0 :: else fi
#else
#define DELETE_EARLY(s, f) skip
#endif
#ifdef MUT_no_wait
#define WAIT_OVER(s) true
#else
#define WAIT_OVER(s) (waited[s] >= WAITED)
#endif
#ifdef MUT_unacknowledged
#define UNACKNOWLEDGED(s) skip
#else
#define UNACKNOWLEDGED(s) claim[s] = 0
#endif

proctype Settler(byte s) {
  byte k;
  do
  :: d_step { !settling[s] ->
       settling[s] = 1;
       waited[s] = 0;
       if :: CHANGES_RUN && version > answered -> claim[s] = version :: else fi;
       do
       :: k < FENCES ->
          if
          :: pending[k] -> RAISED(s, k) = pending[k]; toRaise[s] = toRaise[s] | (1 << k)
          :: else
          fi;
#ifdef MUT_delete_before_raises
          pending[k] = 0;
#endif
          k++
       :: else -> break
       od;
       k = 0;
#ifdef MUT_empty_at_once
       if :: !toRaise[s] -> waited[s] = WAITED :: else fi;
#endif
       finishIfUseless(s) }
  RAISES(s, 0)
#if FENCES > 1
  RAISES(s, 1)
#endif
  /* The wait is over: acknowledged raises are deleted, and the answer is 200, or 202 without a guarantee. */
  :: d_step { settling[s] && !toRaise[s] && WAIT_OVER(s) ->
       deleteRaises(s);
       answer200(s);
       finish(s) }
  /* A crash after the deletion. */
  :: d_step { settling[s] && !toRaise[s] && WAIT_OVER(s) -> deleteRaises(s); finish(s) }
  /* A crash anywhere before. */
  :: d_step { settling[s] -> finish(s) }
  od
}

/* ======================================================================================================= */
/* A fence. A restart of the object loses only the registration in flight. */

proctype Fence(byte f) {
  do
  /* A read of an empty fence: one batch bumps the counter, lists the fence and reads the counter. */
#ifdef MUT_register_apart
  :: d_step { !minSeq[f] && !registration[f] && ROOM -> bump(); registration[f] = counter }
  :: d_step { registration[f] -> minSeq[f] = registration[f]; registration[f] = 0; listed[f] = 1 }
#else
  :: d_step { !minSeq[f] && !registration[f] && ROOM ->
#ifndef MUT_register_without_bump
       bump();
#endif
       registration[f] = counter;
#ifdef RETIRE
       listed[f] = counter
#else
       listed[f] = 1
#endif
     }
  :: d_step { registration[f] ->
#ifdef MUT_open_at_zero
       minSeq[f] = 1;
#else
       minSeq[f] = registration[f];
#endif
#ifdef RETIRE
       registeredSeq[f] = registration[f];
#endif
       registration[f] = 0 }
#endif
#ifdef MUT_raise_opens
  /* The raise of another key reaches an empty fence, which then takes itself for open. */
  :: d_step { listed[f] && !minSeq[f] && !registration[f] -> minSeq[f] = 1 }
#endif
  /* The answer of D1 is lost, or the object restarts. */
  :: d_step { registration[f] -> registration[f] = 0 }

#ifdef LOSS
  /* The storage and the memory of the object are lost. */
  :: d_step { minSeq[f] || floor[f] || registration[f] ->
       minSeq[f] = 0; floor[f] = 0; registration[f] = 0;
#ifdef RETIRE
       registeredSeq[f] = 0;
#endif
       skip }
#endif

#ifdef PRUNE
  /* The real fence prunes floors after 8 days; here it may prune at once. A registration in flight is void. */
  :: d_step { floor[f] ->
#ifndef MUT_prune_keeps_registration
       registration[f] = 0;
#endif
#ifndef MUT_prune_unlifted
       if :: minSeq[f] && minSeq[f] < floor[f] -> minSeq[f] = floor[f] :: else fi;
#endif
       floor[f] = 0 }
#endif

#ifdef RETIRE
#ifdef MUT_retire_row_first
  :: d_step { registeredSeq[f] && !retiring[f] ->
       retiring[f] = registeredSeq[f];
       if :: listed[f] == retiring[f] -> listed[f] = 0 :: else fi }
  :: d_step { retiring[f] -> minSeq[f] = 0; floor[f] = 0; registration[f] = 0; registeredSeq[f] = 0; retiring[f] = 0 }
#else
  /* It first clears its state and the registration in flight; it keeps the sequence for the DELETE. */
  :: d_step { registeredSeq[f] && !retiring[f] ->
       retiring[f] = registeredSeq[f];
#ifndef MUT_retire_keeps_registration
       registration[f] = 0;
#endif
       minSeq[f] = 0; floor[f] = 0 }
  /* A fence without a sequence clears its state as well. */
  :: d_step { !registeredSeq[f] && (floor[f] || registration[f]) -> registration[f] = 0; floor[f] = 0 }
  /* D1 runs the DELETE late, twice, or never. */
  :: d_step { retiring[f] ->
#ifdef MUT_retire_any_row
       listed[f] = 0
#else
       if :: listed[f] == retiring[f] -> listed[f] = 0 :: else fi
#endif
     }
  :: d_step { retiring[f] ->
       if :: registeredSeq[f] == retiring[f] -> registeredSeq[f] = 0 :: else fi;
       retiring[f] = 0 }
  :: d_step { retiring[f] -> retiring[f] = 0 }
#endif
  /* D1 commits a registration after the fence's timeout. */
  :: d_step { ROOM -> bump(); listed[f] = counter }
#endif

#ifdef LATE
  /* A raise arrives after the timeout of its Worker. */
  :: d_step { version && floor[f] < changedAt[1] -> floor[f] = changedAt[1] }
  :: d_step { version > 1 && floor[f] < changedAt[2] -> floor[f] = changedAt[2] }
#endif
  od
}

/* ======================================================================================================= */
/* A verification. KV is not a variable: it may return any record that D1 could have returned so far, or none.
 * This covers every write to KV by any isolate, early or late. */

inline keep(i, asOf, ver, age) {
#ifdef MUT_lease_survives
  /* The older answer replaces the newer one and keeps its lease. */
  heldAsOf[i] = asOf; heldVersion[i] = ver;
  if :: heldAge[i] > age -> heldAge[i] = age :: else fi
#else
  if
#ifndef MUT_keep_older
  :: heldAsOf[i] > asOf || (heldAsOf[i] == asOf && heldAge[i] < age)
#endif
  :: else -> heldAsOf[i] = asOf; heldVersion[i] = ver; heldAge[i] = age
  fi
#endif
}

#ifdef MUT_lease_from_answer
#define FROM(r) 0
#else
#define FROM(r) requestAge[r]
#endif

inline finishLookUp(r) {
  at[r] = IDLE; need[r] = 0; got[r] = 0; gotVersion[r] = 0; requestAge[r] = EXPIRED
}

#ifdef MUT_no_fence
#define GOOD(r, asOf) (at[r] == FENCE_READ && asOf)
#else
#define GOOD(r, asOf) (at[r] == FENCE_READ && (asOf) >= got[r])
#endif

#ifdef SEEN_kv_above_a_floor
#define SEEN_KV(r) assert(need[r] < CHANGES || got[r] <= minSeq[NEAREST(r)]);
#else
#define SEEN_KV(r)
#endif

#define KV_ANSWERS(r, asOf) \
  :: d_step { GOOD(r, asOf) && asOf <= highest -> \
       assert(VERSION_AT(asOf) >= need[r]); \
       SEEN_KV(r) \
       keep(ISOLATE(r), asOf, VERSION_AT(asOf), EXPIRED); \
       finishLookUp(r) }

#ifdef MUT_join_any
#define JOINABLE(r) (at[r] != IDLE)
#else
#define JOINABLE(r) (at[r] != IDLE && requestAge[r] < EXPIRED)
#endif

#define LIVE(i) (heldAsOf[i] && heldAge[i] < EXPIRED)

proctype LookUp(byte r) {
  do
  /* What D1 answered stands for a lease: decided without I/O. */
  :: d_step { LIVE(ISOLATE(r)) -> assert(heldVersion[ISOLATE(r)] >= answered) }

  /* The lease is over, or there is no record, or the verification is `fresh`: the fence is asked. */
  :: d_step { at[r] == IDLE -> at[r] = REQUESTED; need[r] = answered; requestAge[r] = 0 }
  :: d_step { at[r] == REQUESTED && minSeq[NEAREST(r)] ->
       got[r] = (minSeq[NEAREST(r)] > floor[NEAREST(r)] -> minSeq[NEAREST(r)] : floor[NEAREST(r)]);
       at[r] = FENCE_READ }
  KV_ANSWERS(r, 1)
  KV_ANSWERS(r, 2)
  KV_ANSWERS(r, 3)
  KV_ANSWERS(r, 4)
  KV_ANSWERS(r, 5)
  KV_ANSWERS(r, 6)
  KV_ANSWERS(r, 7)
  KV_ANSWERS(r, 8)
  /* The record in memory, compared with the requiredSeq. What the fence accepts has no lease. */
  :: d_step { GOOD(r, heldAsOf[ISOLATE(r)]) ->
       assert(heldVersion[ISOLATE(r)] >= need[r]);
       finishLookUp(r) }
  /* The fence is empty or does not answer, or no record is new enough: D1 is read. */
  :: d_step { at[r] == REQUESTED || at[r] == FENCE_READ -> at[r] = D1_REQUESTED; got[r] = 0; requestAge[r] = 0 }
#ifdef MUT_asof_apart
  :: d_step { at[r] == D1_REQUESTED -> gotVersion[r] = version; at[r] = D1_HALF_READ }
  :: d_step { at[r] == D1_HALF_READ -> got[r] = counter; at[r] = D1_READ }
#else
  :: d_step { at[r] == D1_REQUESTED -> got[r] = counter; gotVersion[r] = version; at[r] = D1_READ }
#endif
  :: d_step { at[r] == D1_READ ->
       assert(gotVersion[r] >= need[r]);
       keep(ISOLATE(r), got[r], gotVersion[r], FROM(r));
       finishLookUp(r) }
  /* D1 is down: 503, no record is kept. Also an aborted verification. */
  :: d_step { at[r] != IDLE -> finishLookUp(r) }

#ifdef JOIN
  /* Another verification joins this look-up with its own need. */
  :: d_step { JOINABLE(r) && need[r] < answered -> need[r] = answered }
#endif
  /* Evicted as least recently used, or removed by a changer in this isolate. */
  :: d_step { heldAsOf[ISOLATE(r)] ->
       heldAsOf[ISOLATE(r)] = 0; heldVersion[ISOLATE(r)] = 0; heldAge[ISOLATE(r)] = EXPIRED }
  od
}

/* ======================================================================================================= */
/* One clock for every process. Ages stop at their bounds, so that the state space is finite. */

#define GROW(age, max) if :: age < max -> age++ :: else fi

proctype Time() {
  do
  :: d_step { true ->
       GROW(heldAge[0], EXPIRED);
#if ISOLATES > 1
       GROW(heldAge[1], EXPIRED);
#endif
       GROW(requestAge[0], EXPIRED);
#if LOOKUPS > 1
       GROW(requestAge[1], EXPIRED);
#endif
#if LOOKUPS > 2
       GROW(requestAge[2], EXPIRED);
#endif
       GROW(waited[0], WAITED);
#if SETTLERS > 1
       GROW(waited[1], WAITED);
#endif
#if SETTLERS > 2
       GROW(waited[2], WAITED);
#endif
#ifdef RESTORE
       GROW(restWaited, WAITED);
#endif
       skip }
  od
}

/* ======================================================================================================= */
/* D1 restored to an earlier time by the procedure: stop changes, restore, reset every fence, wait, resume.
 * The reconciler keeps running. The restored row is a new version, so that every record from before the restore
 * counts as old. */

#ifdef RESTORE
inline reset(f) {
  minSeq[f] = 0; floor[f] = 0;
#ifndef MUT_reset_keeps_registration
  registration[f] = 0;
#endif
  toReset = toReset & ~(1 << f)
}

proctype Restore() {
  byte k;
  do
  :: d_step { stage == NORMAL ->
       stage = BACKED_UP;
       backupCounter = counter;
       do
       :: k < FENCES -> backupListed[k] = listed[k]; backupPending[k] = pending[k]; k++
       :: else -> break
       od;
       k = 0 }
  :: d_step { stage == BACKED_UP ->
       stage = RESETTING;
       counter = backupCounter; backupCounter = 0;
       version++;
       changedAt[version] = highest + 1;
       do
       :: k < FENCES ->
          listed[k] = backupListed[k]; backupListed[k] = 0;
          pending[k] = backupPending[k]; backupPending[k] = 0;
#ifdef MUT_reset_listed_only
          if :: listed[k] -> toReset = toReset | (1 << k) :: else fi;
#elif !defined(MUT_restore_without_reset)
          toReset = toReset | (1 << k);
#endif
          k++
       :: else -> break
       od;
       k = 0;
       do :: k < SETTLERS -> claim[k] = 0; k++ :: else -> break od;
       k = 0 }
  /* The procedure repeats every reset until all fences have acknowledged. */
  :: d_step { toReset & 1 -> reset(0) }
#if FENCES > 1
  :: d_step { toReset & 2 -> reset(1) }
#endif
  :: d_step { stage == RESETTING && !toReset -> stage = WAITING;
#ifndef MUT_restore_without_wait
       restWaited = 0;
#endif
       skip }
  :: d_step { stage == WAITING && restWaited >= WAITED -> stage = RESUMED; answered = version }
  od
}
#endif

init {
  d_step {
#ifdef OPEN
    /* The fence is open from the start. */
    listed[0] = 1; minSeq[0] = 1;
#ifdef RETIRE
    registeredSeq[0] = 1;
#endif
#endif
    skip
  };
  atomic {
    run Changes();
    run Settler(0);
#if SETTLERS > 1
    run Settler(1);
#endif
#if SETTLERS > 2
    run Settler(2);
#endif
    run Fence(0);
#if FENCES > 1
    run Fence(1);
#endif
    run LookUp(0);
#if LOOKUPS > 1
    run LookUp(1);
#endif
#if LOOKUPS > 2
    run LookUp(2);
#endif
#ifdef RESTORE
    run Restore();
#endif
    run Time()
  }
}
