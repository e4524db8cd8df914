/* Latchkey's coherence protocol as isolates see it: fences that tell raises, and the view that an isolate keeps of
 * its fence on a lease. One or two keys of one account, and the account's group. coherence.pml has what is left out
 * here: the batch of a change in its steps, rows deleted, retirement, restore. README.md says why that is sound.
 *
 * The guarantee: a verification that begins after a change was answered with 200 uses a record at least as new. It
 * is asserted wherever a verification decides.
 *
 * A step is atomic (d_step) only where it is so in reality: one D1 batch or statement, one synchronous turn of a
 * fence or of an isolate. Every loop may stop forever after any step: that is a crash. */

/* ---- sizes; every configuration of check.sh sets some of them ------------------------------------------------- */
#ifndef DIGESTS
#define DIGESTS 1       /* keys, at most 2, all of one account */
#endif
#ifndef FENCES
#define FENCES 1        /* fences that the isolate may ask: a request may run where another one is nearest */
#endif
#ifndef VERIFICATIONS
#define VERIFICATIONS 1 /* in flight at once, each with its own question to the fence */
#endif
#ifndef RENEWALS
#define RENEWALS 1      /* further questions in flight, of no digest */
#endif
#ifndef SETTLERS
#define SETTLERS 1      /* concurrent settles */
#endif
#ifndef CHANGES
#define CHANGES 2       /* of any key, or of the account if GROUP is defined */
#endif
#ifndef COUNTER
#define COUNTER 4       /* the highest sequence: 1 + changes + registrations */
#endif
#ifndef N
#define N 1             /* digests told in a full answer */
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

/* PLAIN: states that only look different are not made the same. */
#ifdef MUT_news_of_another_epoch
#define PLAIN
#endif
#ifdef MUT_no_margin
#undef MARGIN
#define MARGIN 0
#endif

#define G DIGESTS                              /* the subject of the account's group; below it the digests */
#define S (DIGESTS + 1)
#define QUESTIONS (VERIFICATIONS + RENEWALS)
#define EXPIRED (L + READER_LAG)               /* ages stop here: on every clock the lease has expired */
#define WAITED (L + MARGIN - CHANGER_LAG)      /* the shortest wait of a Worker whose clock lags */
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* ---- D1 -------------------------------------------------------------------------------------------------------
 * A record is its `asOf` alone: it has every change up to that sequence. */
byte counter = 1;                /* the sequence; the keys were created with 1 */
#ifdef D1_LEASE
byte before[EXPIRED] = 1;        /* the counter when this tick began, and the ticks before it */
#endif
byte made = 0;                   /* changes so far */
byte last[S];                    /* the sequence of the last change of a subject */
bit listed[FENCES];
byte pending[FENCES * S];        /* pending_raise; 0: none */
#define PENDING(f, s) pending[(f) * S + (s)]

/* ---- fences: minSeq and floors are durable ----------------------------------------------------------------------
 * The epoch of fence f is f + 1 as long as it lasts: when it ends, whoever remembers it is given another name for it,
 * so that names do not run out. */
byte minSeq[FENCES];             /* 0: not registered */
byte floor[FENCES * S];
byte registration[FENCES];       /* committed in D1, not yet known to the fence */
#define ENTRIES (CHANGES + 1)
byte fenceRev[FENCES];           /* revs are counted from the lowest that anybody remembers */
byte dropped[FENCES];
byte logged[FENCES * ENTRIES];   /* the raise after each rev, from `dropped` on: subject * 16 + seq */
#define FLOOR(f, s) floor[(f) * S + (s)]
#define LOGGED(f, k) logged[(f) * ENTRIES + (k)]

/* ---- the isolate: one represents all --------------------------------------------------------------------------- */
byte epoch;                      /* of the view; 0: no view */
byte rev;
byte age = EXPIRED;              /* since `from` */
byte base;
byte horizon;
byte known[S];                   /* the floors of the view; 0: absent */

/* ---- questions to a fence: of verification r question r, then renewals -------------------------------------------- */
#define FREE 0
#define ASKED 1
#define READ 2                   /* the fence has read its state; its answer is in flight */
byte state[QUESTIONS];
byte askedAge[QUESTIONS] = EXPIRED;
byte since[QUESTIONS];           /* 1 + since.rev; 0: null, or of an epoch that is over: the answer is in full */
byte knownGroup[QUESTIONS];      /* what the view of the question has of the group */
byte toldEpoch[QUESTIONS];
byte toldRev[QUESTIONS];
byte toldBase[QUESTIONS];
#define NEWS 255
byte toldHorizon[QUESTIONS];     /* NEWS: the answer is news */
byte told[QUESTIONS * S];
#define TOLD(q, s) told[(q) * S + (s)]
#if FENCES > 1
byte asked[QUESTIONS];           /* which fence */
#define ASKED_FENCE(q) asked[q]
#else
#define ASKED_FENCE(q) 0
#endif

/* ---- verifications ------------------------------------------------------------------------------------------------ */
#define IDLE 0
#define KV_BY_VIEW 1             /* way 3: KV is judged by the view that ran, in its place as long as it is in this state */
#define ASKING 2                 /* way 4: the fence is asked */
byte at[VERIFICATIONS];
byte digest[VERIFICATIONS];
byte need[VERIFICATIONS];        /* the newest change of its key answered with 200 when it began */

/* ---- settles ------------------------------------------------------------------------------------------------------ */
bit settling[SETTLERS];
byte claim[SETTLERS * DIGESTS];  /* for each key the change that a 200 guarantees; 0: none is new */
byte toRaise[SETTLERS * FENCES * S];
byte waited[SETTLERS] = WAITED;  /* since the read or the last acknowledgement */
#define CLAIM(s, d) claim[(s) * DIGESTS + (d)]
#define TO_RAISE(s, f, t) toRaise[((s) * FENCES + (f)) * S + (t)]

byte answered[DIGESTS];          /* the newest change of the key, or of its account, answered with 200 */

#ifdef MUT_lease_of_a_later_question
byte lastAskedAge = EXPIRED;
#endif
#ifdef MUT_own_lease_by_view
byte leased;
byte leasedAge = EXPIRED;
#endif

hidden byte i, j, k, n, m;       /* for loops within one step */

/* Reserves sequences for the remaining changes. */
#define ROOM (counter + CHANGES - made < COUNTER)
#define LAST(d) MAX(last[d], last[G])

/* ==================================================================================================================== */
/* Changes. */

#define CHANGE(s) \
  :: d_step { made < CHANGES -> \
       made++; counter++; last[s] = counter; \
       for (k : 0 .. FENCES - 1) { if :: listed[k] -> PENDING(k, s) = counter :: else fi } \
       k = 0 }

proctype Changes() {
  do
  CHANGE(0)
#if DIGESTS > 1
  CHANGE(1)
#endif
#ifdef GROUP
  CHANGE(G)
#endif
  od
}

/* ==================================================================================================================== */
/* Settles: of a key, which raises the key and its group; of the account, which raises its group and all its keys. A
 * changer after its commit, a repeated change and the reconciler. */

inline finish(s) {
  settling[s] = 0; waited[s] = WAITED;
  for (k : 0 .. DIGESTS - 1) { CLAIM(s, k) = 0 }
  for (k : 0 .. FENCES * S - 1) { toRaise[(s) * FENCES * S + k] = 0 }
  k = 0
}

/* m: whether anything is left to guarantee; n: whether anything is left to raise */
inline look(s) {
  m = 0; n = 0;
  for (k : 0 .. DIGESTS - 1) { if :: CLAIM(s, k) -> m = 1 :: else fi }
  for (k : 0 .. FENCES * S - 1) { if :: toRaise[(s) * FENCES * S + k] -> n = 1 :: else fi }
  k = 0
}

/* Reads what is pending, of the subjects from `low` to `high` and of the group. */
inline begin(s, low, high) {
  settling[s] = 1; waited[s] = 0;
  for (k : low .. high) { if :: LAST(k) > answered[k] -> CLAIM(s, k) = LAST(k) :: else fi }
  for (j : 0 .. FENCES - 1) {
    for (k : low .. high) { TO_RAISE(s, j, k) = PENDING(j, k) }
    TO_RAISE(s, j, G) = PENDING(j, G)
  }
  k = 0
}

inline append(f, t, seq) {
#if !defined(MUT_raise_not_logged)
  LOGGED(f, fenceRev[f]) = (t) * 16 + seq;
  fenceRev[f]++;
  if :: fenceRev[f] == ENTRIES -> cut(f, fenceRev[f]) :: else fi
#endif
  skip
}

/* One call. */
inline holdAll(s, f) {
  for (k : 0 .. S - 1) {
    if
    :: TO_RAISE(s, f, k) > FLOOR(f, k) ->
       FLOOR(f, k) = TO_RAISE(s, f, k);
#ifdef MUT_group_not_logged
       if :: k < G -> append(f, k, FLOOR(f, k)) :: else fi
#else
       append(f, k, FLOOR(f, k))
#endif
    :: else
    fi;
#ifndef ROWS_STAY
    if :: PENDING(f, k) <= TO_RAISE(s, f, k) -> PENDING(f, k) = 0 :: else fi;
#endif
    TO_RAISE(s, f, k) = 0
  }
  shift(f)
}

inline cut(f, to) {
  for (n : 0 .. ENTRIES - 1) { if :: n < to -> LOGGED(f, n) = 0 :: else fi }
  dropped[f] = to;
#ifndef MUT_log_too_short
  /* The answer will be in full. */
  for (n : 0 .. QUESTIONS - 1) {
    if :: state[n] == ASKED && ASKED_FENCE(n) == f && since[n] <= to -> since[n] = 0; knownGroup[n] = 0 :: else fi
  }
#endif
  n = 0
}

/* Counts revs from the lowest that the view, an answer or a question has of this epoch: fewer states. */
#define OF_EPOCH(q, f) ((state[q] == ASKED && ASKED_FENCE(q) == f) || toldEpoch[q] == f + 1)

#ifdef PLAIN
inline shift(f) { skip }
#else
inline shift(f) {
  n = fenceRev[f];
  if :: epoch == f + 1 && rev < n -> n = rev :: else fi;
  for (k : 0 .. QUESTIONS - 1) {
    if :: OF_EPOCH(k, f) && since[k] && since[k] <= n -> n = since[k] - 1 :: else fi;
    if :: toldEpoch[k] == f + 1 && toldRev[k] < n -> n = toldRev[k] :: else fi
  }
  if
  :: n ->
     fenceRev[f] = fenceRev[f] - n;
     dropped[f] = (dropped[f] > n -> dropped[f] - n : 0);
     for (k : 0 .. ENTRIES - 1) {
       if :: k + n < ENTRIES -> LOGGED(f, k) = LOGGED(f, k + n) :: else -> LOGGED(f, k) = 0 fi
     }
     if :: epoch == f + 1 -> rev = rev - n :: else fi;
     for (k : 0 .. QUESTIONS - 1) {
       if :: OF_EPOCH(k, f) && since[k] -> since[k] = since[k] - n :: else fi;
       if :: toldEpoch[k] == f + 1 -> toldRev[k] = toldRev[k] - n :: else fi
     }
  :: else
  fi;
  k = 0
}
#endif

#ifdef MUT_wait_from_before
#define COUNTED_FROM_BEFORE true
#define AT_ACKNOWLEDGEMENT(s) waited[s]
#else
#define COUNTED_FROM_BEFORE false
#define AT_ACKNOWLEDGEMENT(s) 0
#endif
#ifdef MUT_no_wait
#define WAIT_OVER(s) true
#else
#define WAIT_OVER(s) (waited[s] >= WAITED)
#endif

#ifdef MUT_group_overlooked_by_settle
#define SETTLES(s, d) \
  :: d_step { !settling[s] && (LAST(d) > answered[d]) -> \
       begin(s, d, d); \
       for (j : 0 .. FENCES - 1) { TO_RAISE(s, j, G) = 0 } \
       look(s); if :: !m && !n -> finish(s) :: else fi }
#else
#define SETTLES(s, d) \
  :: d_step { !settling[s] && (LAST(d) > answered[d]) -> begin(s, d, d) }
#endif

#define RAISE_OF(s, f) \
  /* acknowledged */ \
  :: d_step { settling[s] && TO_RAISE_ANY(s, f) -> \
       holdAll(s, f); waited[s] = AT_ACKNOWLEDGEMENT(s); look(s); if :: !m && !n -> finish(s) :: else fi } \
  /* the acknowledgement is lost */ \
  :: d_step { settling[s] && TO_RAISE_ANY(s, f) -> holdAll(s, f); NO_200(s) }
#if DIGESTS > 1
#define TO_RAISE_ANY(s, f) (TO_RAISE(s, f, 0) || TO_RAISE(s, f, 1) || TO_RAISE(s, f, 2))
#else
#define TO_RAISE_ANY(s, f) (TO_RAISE(s, f, 0) || TO_RAISE(s, f, 1))
#endif
#define NO_200(s) \
  for (k : 0 .. DIGESTS - 1) { CLAIM(s, k) = 0 } look(s); if :: !n -> finish(s) :: else fi

#if DIGESTS > 1
#define ANYTHING_NEW (LAST(0) > answered[0] || LAST(1) > answered[1])
#else
#define ANYTHING_NEW (LAST(0) > answered[0])
#endif
#if FENCES > 1
#define ALL_RAISED(s) (!TO_RAISE_ANY(s, 0) && !TO_RAISE_ANY(s, 1))
#else
#define ALL_RAISED(s) (!TO_RAISE_ANY(s, 0))
#endif

proctype Settler(byte s) {
  do
  SETTLES(s, 0)
#if DIGESTS > 1
  SETTLES(s, 1)
#endif
#if DIGESTS > 1 || defined(GROUP)
  /* of the account */
  :: d_step { !settling[s] && ANYTHING_NEW ->
       begin(s, 0, DIGESTS - 1);
#ifdef MUT_keys_overlooked_by_settle
       for (j : 0 .. FENCES - 1) { for (k : 0 .. DIGESTS - 1) { TO_RAISE(s, j, k) = 0 } }
#endif
       skip }
#endif
  RAISE_OF(s, 0)
#if FENCES > 1
  RAISE_OF(s, 1)
#endif
  /* 200 */
  :: d_step { settling[s] && ALL_RAISED(s) && WAIT_OVER(s) ->
       for (k : 0 .. DIGESTS - 1) { answered[k] = MAX(answered[k], CLAIM(s, k)) }
#ifdef SEEN_answered
       assert(answered[0] < 1 + CHANGES);
#endif
       finish(s);
       if :: last[0] <= answered[0] -> last[0] = 0 :: else fi;
#if DIGESTS > 1
       if :: last[1] <= answered[1] -> last[1] = 0 :: else fi;
#endif
       if :: LAST(0) <= answered[0] && LAST(DIGESTS - 1) <= answered[DIGESTS - 1] -> last[G] = 0 :: else fi;
       /* Claims that are not newer are dropped: fewer states, the same answers. */
       for (j : 0 .. SETTLERS - 1) {
         for (k : 0 .. DIGESTS - 1) { if :: CLAIM(j, k) <= answered[k] -> CLAIM(j, k) = 0 :: else fi }
         if :: settling[j] -> look(j); if :: !m && !n -> finish(j) :: else fi :: else fi
       }
       k = 0 }
  /* A crash, or a raise that does not arrive: no 200. */
  :: d_step { settling[s] -> finish(s) }
  od
}

/* ==================================================================================================================== */
/* A fence. */

inline forgetQuestion(q) {
  state[q] = FREE; askedAge[q] = EXPIRED; since[q] = 0; knownGroup[q] = 0;
#if FENCES > 1
  asked[q] = 0;
#endif
  toldEpoch[q] = 0; toldRev[q] = 0; toldBase[q] = 0; toldHorizon[q] = 0;
  for (k : 0 .. S - 1) { TOLD(q, k) = 0 }
  k = 0
}

inline clearView() {
  epoch = 0; rev = 0; age = EXPIRED; base = 0; horizon = 0;
  for (k : 0 .. S - 1) { known[k] = 0 }
  k = 0
}

inline finishVerification(r) { at[r] = IDLE; digest[r] = 0; need[r] = 0 }

/* Another name for what an epoch that is over was called: one that nobody has. */
#define ALONE 100

inline rename(f) {
  n = FENCES;
  m = 0;
  do
  :: !m ->
     n++; m = (epoch != n);
     for (k : 0 .. QUESTIONS - 1) { if :: toldEpoch[k] == n -> m = 0 :: else fi }
  :: else -> break
  od;
  if :: epoch == f + 1 -> epoch = n :: else fi;
  for (k : 0 .. QUESTIONS - 1) {
    if :: toldEpoch[k] == f + 1 -> toldEpoch[k] = n :: else fi;
    if :: state[k] == ASKED && ASKED_FENCE(k) == f -> since[k] = 0; knownGroup[k] = 0 :: else fi
  }
  tidy()
}

/* Whoever alone remembers an epoch that is over can no longer compare its rev with anything. */
#ifdef PLAIN
inline tidy() { skip }
#else
inline tidy() {
  if
  :: epoch > FENCES && epoch != ALONE ->
     m = 1;
     for (k : 0 .. QUESTIONS - 1) { if :: toldEpoch[k] == epoch -> m = 0 :: else fi }
     if :: m -> epoch = ALONE; rev = 0 :: else fi
  :: else
  fi;
#ifndef MUT_no_lease
  /* Nothing is left of a view that is over and alone, unless a verification judges by it. */
  if
  :: epoch == ALONE && age >= EXPIRED ->
     m = 1;
     for (k : 0 .. VERIFICATIONS - 1) { if :: at[k] == KV_BY_VIEW -> m = 0 :: else fi }
     if :: m -> clearView() :: else fi
  :: else
  fi;
#endif
  for (j : 0 .. QUESTIONS - 1) {
    if
    :: toldEpoch[j] > FENCES && toldEpoch[j] < ALONE && toldEpoch[j] != epoch ->
       m = 1;
       for (k : 0 .. QUESTIONS - 1) { if :: k != j && toldEpoch[k] == toldEpoch[j] -> m = 0 :: else fi }
       if
       :: m && toldHorizon[j] == NEWS -> forgetQuestion(j)
       :: m && toldHorizon[j] != NEWS -> toldEpoch[j] = ALONE; toldRev[j] = 0
       :: else
       fi
    :: else
    fi
  }
  k = 0
}
#endif

inline emptyLog(f) {
  for (k : 0 .. ENTRIES - 1) { LOGGED(f, k) = 0 }
  fenceRev[f] = 0; dropped[f] = 0
}

inline newEpoch(f) { emptyLog(f); registration[f] = 0; rename(f) }

#if QUESTIONS > 2
#define REMEMBERED(f) (epoch == f + 1 || OF_EPOCH(0, f) || OF_EPOCH(1, f) || OF_EPOCH(2, f))
#elif QUESTIONS > 1
#define REMEMBERED(f) (epoch == f + 1 || OF_EPOCH(0, f) || OF_EPOCH(1, f))
#else
#define REMEMBERED(f) (epoch == f + 1 || OF_EPOCH(0, f))
#endif

#define DELETES(f, s) :: d_step { PENDING(f, s) && FLOOR(f, s) >= PENDING(f, s) -> PENDING(f, s) = 0 }

#ifdef MUT_prune_unlifted
#define LIFTED(f, s) minSeq[f]
#else
#define LIFTED(f, s) (minSeq[f] -> MAX(minSeq[f], FLOOR(f, s)) : 0)
#endif
#ifdef MUT_epoch_outlives_prune
#define AFTER_PRUNE(f) skip
#else
#define AFTER_PRUNE(f) newEpoch(f)
#endif
/* The real fence prunes after 8 days; here it may at once. Several floors are several prunes. */
#define PRUNES(f, s) \
  :: d_step { FLOOR(f, s) -> minSeq[f] = LIFTED(f, s); FLOOR(f, s) = 0; AFTER_PRUNE(f) }

proctype Fence(byte f) {
  do
  /* A question to a fence that is not registered: one batch bumps the counter, lists the fence, reads the counter. */
  :: d_step { !minSeq[f] && !registration[f] && ROOM -> counter++; registration[f] = counter; listed[f] = 1 }
  :: d_step { registration[f] ->
#ifdef MUT_open_at_zero
       minSeq[f] = 1;
#else
       minSeq[f] = registration[f];
#endif
       registration[f] = 0 }
  /* The answer of D1 is lost. */
  :: d_step { registration[f] -> registration[f] = 0 }
  /* The object restarts. */
  :: d_step { fenceRev[f] || registration[f] || REMEMBERED(f) ->
#ifdef MUT_epoch_outlives_object
       emptyLog(f); registration[f] = 0
#else
       newEpoch(f)
#endif
     }
#ifdef LOSS
  /* The object restarts without its storage. A reset and a retirement clear the same. */
  :: d_step { true ->
       minSeq[f] = 0;
       for (k : 0 .. S - 1) { FLOOR(f, k) = 0 }
#if defined(MUT_epoch_outlives_loss)
       emptyLog(f); registration[f] = 0
#elif defined(MUT_epoch_outlives_reset)
       skip
#else
       newEpoch(f)
#endif
     }
#endif
#ifdef PRUNE
  PRUNES(f, 0)
#if DIGESTS > 1
  PRUNES(f, 1)
#endif
  PRUNES(f, G)
#endif
  /* The log is cut: the real fence does it where the log has become too long, to the last N raises. */
  :: d_step { dropped[f] < fenceRev[f] -> cut(f, dropped[f] + 1) }
#ifdef ROWS_STAY
  /* Rows of what the fence has are deleted at any time, instead of at once. */
  DELETES(f, 0)
#if DIGESTS > 1
  DELETES(f, 1)
#endif
  DELETES(f, G)
#endif
  od
}

/* ==================================================================================================================== */
/* Questions and answers. */

#ifdef MUT_log_too_short
#define KNOWS_WHAT_IS_DROPPED false
#define IN_LOG(f, q) true
#else
#define KNOWS_WHAT_IS_DROPPED true
#define IN_LOG(f, q) (since[q] - 1 >= dropped[f])
#endif

inline ask(q, f, group) {
  state[q] = ASKED; askedAge[q] = 0;
  since[q] = (epoch == f + 1 -> rev + 1 : 0);
  if
  :: since[q] && since[q] <= dropped[f] && KNOWS_WHAT_IS_DROPPED -> since[q] = 0
  :: else
  fi;
  /* An answer in full has it. */
  knownGroup[q] = (since[q] -> group : 0);
#if FENCES > 1
  asked[q] = f;
#endif
#ifdef MUT_lease_of_a_later_question
  lastAskedAge = 0;
#endif
#ifdef MUT_lease_by_asking
  if :: epoch -> age = 0 :: else fi
#endif
  skip
}

/* d: the digest asked about; DIGESTS: none */
inline read(q, f, d) {
  state[q] = READ;
  toldEpoch[q] = f + 1; toldRev[q] = fenceRev[f]; toldBase[q] = minSeq[f];
  if
  :: since[q] && IN_LOG(f, q) ->
     toldHorizon[q] = NEWS;
     for (k : 0 .. ENTRIES - 1) {
       if
       :: k < fenceRev[f] && k >= since[q] - 1 && LOGGED(f, k) -> TOLD(q, LOGGED(f, k) / 16) = LOGGED(f, k) % 16
       :: else
       fi
     }
  :: else ->
     since[q] = 0;
     for (k : 0 .. S - 1) { if :: FLOOR(f, k) > minSeq[f] -> TOLD(q, k) = FLOOR(f, k) :: else fi }
#ifdef MUT_groups_not_in_full
     TOLD(q, G) = 0;
#endif
#if DIGESTS > 1 && N < 2
     if
     :: TOLD(q, 0) && TOLD(q, 1) ->
        k = (TOLD(q, 0) < TOLD(q, 1) -> 0 : 1);
#ifndef MUT_left_out_not_told
        toldHorizon[q] = TOLD(q, k);
#endif
#ifdef MUT_others_than_the_newest
        k = 1 - k;
#endif
        TOLD(q, k) = 0
     :: else
     fi
#endif
     skip
  fi;
#ifdef MUT_asked_not_told
#elif defined(MUT_asked_without_floor)
  if :: d < DIGESTS -> TOLD(q, d) = minSeq[f] :: else fi;
#else
  if :: d < DIGESTS -> TOLD(q, d) = MAX(minSeq[f], FLOOR(f, d)) :: else fi;
#endif
#if DIGESTS == 1 || N > 1
  /* Without a horizon, floors that are not above the base say nothing. */
  for (k : 0 .. S - 1) { if :: TOLD(q, k) <= toldBase[q] -> TOLD(q, k) = 0 :: else fi }
#endif
  k = 0
}

/* ---- the view ------------------------------------------------------------------------------------------------------ */

#ifdef MUT_base_overlooked
#define BASE 0
#else
#define BASE base
#endif
#ifdef MUT_horizon_overlooked
#define HORIZON base
#else
#define HORIZON horizon
#endif
#ifdef MUT_floors_overlooked
#define KNOWN(d) HORIZON
#else
#define KNOWN(d) (known[d] -> known[d] : HORIZON)
#endif
#ifdef MUT_group_overlooked
#define KNOWN_GROUP 0
#else
#define KNOWN_GROUP known[G]
#endif
#define BAR(d) MAX(BASE, MAX(KNOWN(d), KNOWN_GROUP))
#ifdef MUT_inexact_view
#define EXACT(d) true
#else
#define EXACT(d) (known[d] || horizon <= base)
#endif
#ifdef MUT_no_lease
#define RUNNING (epoch != 0)
#else
#define RUNNING (epoch && age < EXPIRED)
#endif

#ifdef TIMEOUT
#define ARRIVES(q) (state[q] == READ && askedAge[q] < EXPIRED)
#else
#define ARRIVES(q) (state[q] == READ)
#endif

/* The view is about to leave its place. A verification that uses it judges by it as it is now, whenever KV answers. */
inline replaceView() {
#ifndef MUT_kv_judged_by_a_later_view
  for (k : 0 .. VERIFICATIONS - 1) {
    if
    :: at[k] == KV_BY_VIEW ->
#ifdef SEEN_kv_by_a_view_replaced
       assert(false);
#endif
       assert(BAR(digest[k]) >= need[k]); finishVerification(k)
    :: else
    fi
  }
#endif
  k = 0
}

inline forgetView() { replaceView(); clearView() }

#if defined(MUT_lease_from_answer)
#define FROM(q) 0
#elif defined(MUT_lease_of_a_later_question)
#define FROM(q) lastAskedAge
#else
#define FROM(q) askedAge[q]
#endif
#ifdef MUT_news_of_another_epoch
#define SAME_EPOCH(q) epoch
#else
#define SAME_EPOCH(q) (epoch == toldEpoch[q])
#endif
#ifdef MUT_news_with_a_gap
#define NO_GAP(q) true
#else
#define NO_GAP(q) (since[q] - 1 <= rev)
#endif
#ifdef MUT_news_older_than_the_view
#define NOT_BACK(q) true
#else
#define NOT_BACK(q) (rev <= toldRev[q])
#endif
#ifdef MUT_older_full_answer_ignored
#define TAKEN(q) (!epoch || askedAge[q] <= age)
#else
#define TAKEN(q) true
#endif

inline learn(q) {
  if
  :: toldHorizon[q] != NEWS ->
     if
     :: TAKEN(q) ->
#ifdef SEEN_older_full_answer
        assert(!epoch || askedAge[q] <= age);
#endif
        replaceView();
        epoch = toldEpoch[q]; rev = toldRev[q]; base = toldBase[q];
#ifdef MUT_full_answer_takes_newer_lease
        if :: age > FROM(q) -> age = FROM(q) :: else fi;
#else
        age = FROM(q);
#endif
#ifdef MUT_full_answer_keeps_lower_horizon
        if :: horizon > toldHorizon[q] || !horizon -> horizon = toldHorizon[q] :: else fi;
#else
        horizon = toldHorizon[q];
#endif
#ifdef MUT_full_answer_adds
        for (k : 0 .. S - 1) { if :: !known[k] -> known[k] = TOLD(q, k) :: else fi }
#else
        for (k : 0 .. S - 1) { known[k] = TOLD(q, k) }
#endif
     :: else
     fi
  :: toldHorizon[q] == NEWS && SAME_EPOCH(q) && NO_GAP(q) && NOT_BACK(q) ->
#ifdef SEEN_news_overtaken
     assert(rev < since[q]);
#endif
#ifndef MUT_news_without_floors
     for (k : 0 .. S - 1) { if :: TOLD(q, k) -> known[k] = TOLD(q, k) :: else fi }
#endif
#ifndef MUT_news_without_base
     base = toldBase[q];
#endif
#ifndef MUT_rev_not_moved
     rev = toldRev[q];
#endif
     age = FROM(q)
  :: else
#ifdef SEEN_news_refused
     assert(false)
#endif
  fi;
  /* Floors that say no more than the base are dropped: fewer states. */
  if :: horizon <= base -> horizon = 0 :: else fi;
  for (k : 0 .. S - 1) {
    if :: known[k] <= base && (!horizon || k == G) -> known[k] = 0 :: else fi
  }
  k = 0
}

/* What the view, or a question, no longer needs. */
inline tidyAll() {
  tidy();
  for (i : 0 .. FENCES - 1) { shift(i) }
  k = 0
}

#ifdef MUT_answer_before_registration
#define ANSWERS(f) true
#else
#define ANSWERS(f) minSeq[f]
#endif

/* A renewal behind an answer, or a question about a key that is not modelled. */
#define RENEWAL(q, f) \
  :: d_step { state[q] == FREE -> ask(q, f, 0) } \
  :: d_step { state[q] == ASKED && ASKED_FENCE(q) == f && ANSWERS(f) -> read(q, f, DIGESTS) }

proctype Renewal(byte q) {
  do
  RENEWAL(q, 0)
#if FENCES > 1
  RENEWAL(q, 1)
#endif
  :: d_step { ARRIVES(q) -> learn(q); forgetQuestion(q); tidyAll() }
  /* The fence is not registered or does not answer. */
  :: d_step { state[q] != FREE -> forgetQuestion(q); tidyAll() }
  od
}

/* ==================================================================================================================== */
/* Verifications. Neither KV nor memory is a variable: both may hold any record that D1 could have returned so far, or
 * none. So a verification is right where what it requires is enough. */

#ifdef MUT_answer_judged_by_what_it_tells
#define BY_VIEW(q) 0
#else
#define BY_VIEW(q) knownGroup[q]
#endif
#ifdef MUT_answer_judged_by_what_was_known
#define BY_ANSWER(q) 0
#else
#define BY_ANSWER(q) TOLD(q, G)
#endif
#ifdef MUT_asked_not_told
#define BAR_OF_DIGEST(q, d, f) FLOOR(f, d)
#else
#define BAR_OF_DIGEST(q, d, f) TOLD(q, d)
#endif
#define BAR_OF_ANSWER(q, d, f) MAX(MAX(toldBase[q], BAR_OF_DIGEST(q, d, f)), MAX(BY_ANSWER(q), BY_VIEW(q)))
#ifdef MUT_one_below
#define ENOUGH(bar, need) assert((bar) - 1 >= (need))
#else
#define ENOUGH(bar, need) assert((bar) >= (need))
#endif

#if VERIFICATIONS > 1
/* They are alike: the second is used only where the first is in flight. */
#define NEXT(r) (at[r] == IDLE && (r == 0 || at[0] != IDLE))
#else
#define NEXT(r) (at[r] == IDLE)
#endif

#ifdef MUT_memory_by_any_lease
#define BAR_OF_MEMORY(d) 1
#else
#define BAR_OF_MEMORY(d) BAR(d)
#endif

#define WAYS(r, d) \
  /* 3: KV, by the view that runs */ \
  :: d_step { NEXT(r) && RUNNING && EXACT(d) -> at[r] = KV_BY_VIEW; digest[r] = d; need[r] = answered[d] } \
  /* 4: the fence is asked */ \
  ASKS(r, d, 0) \
  ASKS_ANOTHER(r, d)

/* What the answer requires is settled as soon as the fence has read its state: it is judged at once, and the answer
 * goes on for the view alone. */
#ifdef MUT_answer_judged_by_the_view
#define READS(r, f) \
  :: d_step { state[r] == ASKED && ASKED_FENCE(r) == f && ANSWERS(f) -> read(r, f, digest[r]) }
#else
#define READS(r, f) \
  :: d_step { state[r] == ASKED && ASKED_FENCE(r) == f && ANSWERS(f) -> \
       read(r, f, digest[r]); \
       ENOUGH(BAR_OF_ANSWER(r, digest[r], f), need[r]); \
       knownGroup[r] = 0; finishVerification(r); tidyAll() }
#endif

#define ASKS(r, d, f) \
  :: d_step { NEXT(r) && state[r] == FREE -> at[r] = ASKING; digest[r] = d; need[r] = answered[d]; ask(r, f, known[G]) }
#if FENCES > 1
#define ASKS_ANOTHER(r, d) ASKS(r, d, 1)
#else
#define ASKS_ANOTHER(r, d)
#endif

proctype Verification(byte r) {
  do
  WAYS(r, 0)
#if DIGESTS > 1
  WAYS(r, 1)
#endif
  /* 3 */
  :: d_step { at[r] == KV_BY_VIEW ->
#ifdef MUT_kv_judged_by_a_later_view
       if :: epoch -> ENOUGH(BAR(digest[r]), need[r]) :: else fi;
#else
       ENOUGH(BAR(digest[r]), need[r]);
#endif
       finishVerification(r); tidyAll() }
  /* 4 */
  READS(r, 0)
#if FENCES > 1
  READS(r, 1)
#endif
  :: d_step { ARRIVES(r) ->
       learn(r);
#ifdef MUT_answer_judged_by_the_view
       if :: at[r] == ASKING && epoch -> ENOUGH(BAR(digest[r]), need[r]) :: else fi;
       finishVerification(r);
#endif
       forgetQuestion(r); tidyAll() }
  /* The fence does not answer. */
  :: d_step { state[r] == READ -> forgetQuestion(r); tidyAll() }
  /* 5: no record is good, or the fence is not registered or does not answer, and D1 says the truth; or aborted. */
  :: d_step { at[r] != IDLE ->
       if :: at[r] == ASKING -> forgetQuestion(r) :: else fi;
       finishVerification(r); tidyAll() }
  od
}

/* Decided from memory, without I/O. */
#define RECALLS(d) \
  /* 1: by the view */ \
  :: d_step { RUNNING -> ENOUGH(BAR_OF_MEMORY(d), answered[d]) } \
  BY_D1_LEASE(d)
/* 2: by the lease of what D1 said: the oldest record that was asked of D1 within a lease */
#ifdef D1_LEASE
#define BY_D1_LEASE(d) :: d_step { true -> assert(before[EXPIRED - 1] >= answered[d]) }
#else
#define BY_D1_LEASE(d)
#endif

proctype Memory() {
  do
  RECALLS(0)
#if DIGESTS > 1
  RECALLS(1)
#endif
#ifdef MUT_own_lease_by_view
  :: d_step { RUNNING -> leased = BAR(0); leasedAge = 0 }
  :: d_step { leasedAge < EXPIRED -> assert(leased >= answered[0]) }
#endif
  od
}

/* An isolate may forget its view at any time: it has become too large, or the isolate is another one. */
proctype Forgets() {
  do
  :: d_step { epoch -> forgetView(); tidyAll() }
#ifdef MUT_floors_dropped
  :: d_step { known[0] -> known[0] = 0 }
#endif
  od
}

/* ==================================================================================================================== */
/* One clock for every process. Ages stop at their bounds, so that the state space is finite. */

inline grow(time, max) { if :: time < max -> time++ :: else fi }

proctype Time() {
  do
  :: d_step { true ->
       grow(age, EXPIRED);
       for (k : 0 .. QUESTIONS - 1) { grow(askedAge[k], EXPIRED) }
#ifdef D1_LEASE
       for (k : 1 .. EXPIRED - 1) { before[EXPIRED - k] = before[EXPIRED - k - 1] }
       before[0] = counter;
#endif
       tidy();
       /* Before the last acknowledgement, which starts the wait anew, it need not be counted. */
       for (i : 0 .. SETTLERS - 1) { look(i); if :: !n || COUNTED_FROM_BEFORE -> grow(waited[i], WAITED) :: else fi }
#ifdef MUT_lease_of_a_later_question
       grow(lastAskedAge, EXPIRED);
#endif
#ifdef MUT_own_lease_by_view
       grow(leasedAge, EXPIRED);
#endif
       skip }
  od
}

init {
  d_step {
    for (k : 0 .. FENCES - 1) {
#ifdef OPEN
      listed[k] = 1; minSeq[k] = 1
#else
      skip
#endif
    }
  };
  atomic {
    run Changes();
    run Settler(0);
#if SETTLERS > 1
    run Settler(1);
#endif
    run Fence(0);
#if FENCES > 1
    run Fence(1);
#endif
    run Verification(0);
#if VERIFICATIONS > 1
    run Verification(1);
#endif
#if RENEWALS > 0
    run Renewal(VERIFICATIONS);
#endif
#if RENEWALS > 1
    run Renewal(VERIFICATIONS + 1);
#endif
    run Memory();
    run Forgets();
    run Time()
  }
}
