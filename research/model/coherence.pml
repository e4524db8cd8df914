/* Latchkey's coherence protocol, for one key. See README.md for what is left out and why.
 *
 * The promise: a verification that begins after a change was answered with 200 decides by a record at
 * least as new. It is asserted wherever a verification decides.
 *
 * A step is atomic (d_step) only where it is so in reality: one D1 batch or statement, one synchronous
 * turn of a fence or of an isolate. Every loop may stop for ever after any step: that is a crash. */

/* ---- sizes; every configuration of check.sh sets some of them ------------------------------------ */
#ifndef FENCES
#define FENCES 1        /* regions, each with its fence */
#endif
#ifndef LOOKUPS
#define LOOKUPS 1       /* verifications at one time; the one of an isolate stands for all isolates */
#endif
#ifndef SETTLERS
#define SETTLERS 2      /* settles at one time: changers after their commit, asked again, the drainer */
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
#define READER_LAG 0    /* the most that the standing clock of a verification is behind */
#endif
#ifndef CHANGER_LAG
#define CHANGER_LAG 0   /* the same, for the Worker that waits */
#endif

/* Two look-ups are in one isolate (they share its memory) unless APART puts them in two. */
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

/* MUT_…: a mistake, which must give an error. SEEN_…: an assertion that this never happens, which must give
 * an error too: it shows that the configuration gets that far. */

/* ---- mistakes that need no place of their own ------------------------------------------------------ */
#ifdef MUT_no_margin
#undef MARGIN
#define MARGIN 0
#endif
#ifdef MUT_margin_for_readers_only
#undef MARGIN
#define MARGIN READER_LAG
#endif

#define OVER (L + READER_LAG)                  /* ages stop here: no clock believes in this lease */
#define WAITED (L + MARGIN - CHANGER_LAG)      /* a Worker whose clock was early stops waiting here */

/* ---- D1 -------------------------------------------------------------------------------------------- */
byte counter = 1;                /* the sequence; the key was created with 1 */
byte highest = 1;                /* "now in ms": above every number ever given out */
byte version = 0;                /* the state of the key's row: how many changes it has seen */
byte changedAt[4] = 255;         /* changedAt[v]: the sequence of the change that made version v */
byte listed[FENCES];             /* the row in `fence`: the sequence of its registration; 0: none */
byte pending[FENCES];            /* the row in `pending_raise`; 0: none */

/* ---- fences: minSeq and floor are durable, a registration under way is not --------------------------- */
byte minSeq[FENCES];             /* 0: empty, "ask D1" */
byte floor[FENCES];
byte answer[FENCES];             /* the registration that D1 has done and the fence does not yet know */
#ifdef RETIRE
byte registeredSeq[FENCES];
byte leaving[FENCES];            /* the DELETE of a retiring fence, under way to D1 */
#endif

/* ---- isolates: the record in memory, with the age of its lease --------------------------------------- */
byte heldAsOf[ISOLATES];         /* 0: none */
byte heldVersion[ISOLATES];
byte heldAge[ISOLATES] = OVER;

/* ---- verifications on their way ----------------------------------------------------------------------- */
#define IDLE 0
#define ASKED 1                  /* the fence and KV were asked */
#define BARRED 2                 /* the fence has read its state; its answer is under way */
#define READING 3                /* D1 was asked */
#define READ 4                   /* D1 has read the row; its answer is under way */
#define HALF_READ 5              /* only with MUT_asof_apart */
byte at[LOOKUPS];
byte need[LOOKUPS];              /* the newest version answered with 200 when it began */
byte got[LOOKUPS];               /* the bar, then the asOf of what D1 told */
byte gotVersion[LOOKUPS];
byte askedAge[LOOKUPS] = OVER;   /* since the question */

/* ---- settles ------------------------------------------------------------------------------------------ */
bit settling[SETTLERS];
byte claim[SETTLERS];            /* the version that a 200 of this settle would vouch for; 0: nothing new,
                                    or a fence has not acknowledged, so that the answer will be 202 */
byte toRaise[SETTLERS];          /* a bit for every fence still to be raised */
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

/* Numbers are kept back for the changes still to come. */
#define ROOM (highest + VERSIONS - version < COUNTER)

/* seq = max(seq + 1, now): the clock is above whatever a later-restored D1 has given out. */
inline bump() {
#ifdef MUT_plain_counter
  counter++;
  if :: counter > highest -> highest = counter :: else fi
#else
  highest++;
  counter = highest
#endif
}

/* The version of the row when the counter stood at `a`: what a record in KV with this asOf says. */
#define VERSION_AT(a) (((a) >= changedAt[1]) + ((a) >= changedAt[2]) + ((a) >= changedAt[3]))

/* ======================================================================================================= */
/* Commits. Reading the row and the batch are one step: a batch whose WHERE seq = row.seq fails has only
 * bumped the counter (OtherKeys), and one that succeeds met the row just as it had been read. */

#ifdef MUT_bump_outside
bit bumped;
#endif
#ifdef MUT_list_outside
byte listRead;                   /* bit 7: the list was read */
#endif

inline leaveRaises() {
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
       leaveRaises();
#ifdef MUT_list_outside
       listRead = 0;
#endif
#ifdef MUT_unsettled
       answered = version;
#endif
       skip }
#ifdef OTHERS
  /* Another key is created or changed, or a batch of this one met no row. */
  :: d_step { CHANGES_RUN && ROOM -> bump() }
#endif
  od
}

/* ======================================================================================================= */
/* A settle: of the changer itself, of one asked again, of the drainer. It vouches for whatever was
 * committed when it read the pending raises, which is never less than its own change. */

inline raise(f, seq) {
#ifdef MUT_raise_dropped
  if :: minSeq[f] && floor[f] < seq -> floor[f] = seq :: else fi
#else
  if :: floor[f] < seq -> floor[f] = seq :: else fi
#endif
}

inline settled(s) {
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

/* Whoever has nothing to vouch for, to raise or to delete may as well be gone: it changes nothing. */
inline stopInVain(s) {
  if
#if FENCES > 1
  :: !claim[s] && !RAISED(s, 0) && !RAISED(s, 1) -> finish(s)
#else
  :: !claim[s] && !RAISED(s, 0) -> finish(s)
#endif
  :: else
  fi
}

/* 200. Claims that are no news any more are dropped: fewer states, the same answers. */
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
       RAISED(s, f) = 0; toRaise[s] = toRaise[s] & ~(1 << f); UNACKNOWLEDGED(s); stopInVain(s) }
#define NOT_REACHED(s, f) \
  :: d_step { settling[s] && ((toRaise[s] >> f) & 1) -> \
       RAISED(s, f) = 0; toRaise[s] = toRaise[s] & ~(1 << f); UNACKNOWLEDGED(s); stopInVain(s) }
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
       stopInVain(s) }
  RAISES(s, 0)
#if FENCES > 1
  RAISES(s, 1)
#endif
  /* The wait is over: what was acknowledged is deleted, and the answer is 200, or 202 (no promise). */
  :: d_step { settling[s] && !toRaise[s] && WAIT_OVER(s) ->
       settled(s);
       answer200(s);
       finish(s) }
  /* A crash after the deletion; the deletion's own outcome is unknown to nobody. */
  :: d_step { settling[s] && !toRaise[s] && WAIT_OVER(s) -> settled(s); finish(s) }
  /* A crash anywhere before. */
  :: d_step { settling[s] -> finish(s) }
  od
}

/* ======================================================================================================= */
/* A fence. What a restart of the object forgets is only the registration under way. */

proctype Fence(byte f) {
  do
  /* Asked while empty: one batch bumps the counter, lists the fence and reads the counter. */
#ifdef MUT_register_apart
  :: d_step { !minSeq[f] && !answer[f] && ROOM -> bump(); answer[f] = counter }
  :: d_step { answer[f] -> minSeq[f] = answer[f]; answer[f] = 0; listed[f] = 1 }
#else
  :: d_step { !minSeq[f] && !answer[f] && ROOM ->
#ifndef MUT_register_without_bump
       bump();
#endif
       answer[f] = counter;
#ifdef RETIRE
       listed[f] = counter
#else
       listed[f] = 1
#endif
     }
  :: d_step { answer[f] ->
#ifdef MUT_open_at_zero
       minSeq[f] = 1;
#else
       minSeq[f] = answer[f];
#endif
#ifdef RETIRE
       registeredSeq[f] = answer[f];
#endif
       answer[f] = 0 }
#endif
#ifdef MUT_raise_opens
  /* The raise of another key reaches an empty fence, which takes itself to be open from then on. */
  :: d_step { listed[f] && !minSeq[f] && !answer[f] -> minSeq[f] = 1 }
#endif
  /* The answer is lost, or the object starts again. */
  :: d_step { answer[f] -> answer[f] = 0 }

#ifdef LOSS
  /* The storage is gone, and with it the object's memory. */
  :: d_step { minSeq[f] || floor[f] || answer[f] ->
       minSeq[f] = 0; floor[f] = 0; answer[f] = 0;
#ifdef RETIRE
       registeredSeq[f] = 0;
#endif
       skip }
#endif

#ifdef PRUNE
  /* The real fence prunes floors of 8 days; here it may do so at once. An empty fence may only while no
   * registration older than the floor is under way: that one is given up after 5 s. */
  :: d_step { floor[f] && (minSeq[f] || !answer[f] || answer[f] > floor[f]) ->
#ifndef MUT_prune_unlifted
       if :: minSeq[f] && minSeq[f] < floor[f] -> minSeq[f] = floor[f] :: else fi;
#endif
       floor[f] = 0 }
#endif

#ifdef RETIRE
#ifdef MUT_retire_row_first
  :: d_step { registeredSeq[f] && !leaving[f] ->
       leaving[f] = registeredSeq[f];
       if :: listed[f] == leaving[f] -> listed[f] = 0 :: else fi }
  :: d_step { leaving[f] -> minSeq[f] = 0; floor[f] = 0; answer[f] = 0; registeredSeq[f] = 0; leaving[f] = 0 }
#else
  /* First it forgets and makes void what is under way; what stays is the number to tell D1. */
  :: d_step { registeredSeq[f] && !leaving[f] ->
       leaving[f] = registeredSeq[f];
#ifndef MUT_retire_keeps_registration
       answer[f] = 0;
#endif
       minSeq[f] = 0; floor[f] = 0 }
  /* One that has no number to tell forgets all the same. */
  :: d_step { !registeredSeq[f] && (floor[f] || answer[f]) -> answer[f] = 0; floor[f] = 0 }
  /* D1 does it, sooner or later, and may do it once more; or it never hears of it. */
  :: d_step { leaving[f] ->
#ifdef MUT_retire_any_row
       listed[f] = 0
#else
       if :: listed[f] == leaving[f] -> listed[f] = 0 :: else fi
#endif
     }
  :: d_step { leaving[f] ->
       if :: registeredSeq[f] == leaving[f] -> registeredSeq[f] = 0 :: else fi;
       leaving[f] = 0 }
  :: d_step { leaving[f] -> leaving[f] = 0 }
#endif
  /* A registration that the fence has given up is done by D1 all the same. */
  :: d_step { ROOM -> bump(); listed[f] = counter }
#endif

#ifdef LATE
  /* A raise by a Worker that has long given up arrives after all. */
  :: d_step { version && floor[f] < changedAt[1] -> floor[f] = changedAt[1] }
  :: d_step { version > 1 && floor[f] < changedAt[2] -> floor[f] = changedAt[2] }
#endif
  od
}

/* ======================================================================================================= */
/* A verification. KV is not a variable: it may return any record that D1 could have told so far, or none,
 * which is all that it ever held, put there late or early by this or any other isolate. */

inline keep(i, asOf, ver, age) {
#ifdef MUT_lease_survives
  /* The older answer takes the place of the newer, whose lease goes on. */
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
#define FROM(r) askedAge[r]
#endif

inline done(r) {
  at[r] = IDLE; need[r] = 0; got[r] = 0; gotVersion[r] = 0; askedAge[r] = OVER
}

#ifdef MUT_no_fence
#define GOOD(r, asOf) (at[r] == BARRED && asOf)
#else
#define GOOD(r, asOf) (at[r] == BARRED && (asOf) >= got[r])
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
       keep(ISOLATE(r), asOf, VERSION_AT(asOf), FROM(r)); \
       done(r) }

#ifdef MUT_join_any
#define JOINABLE(r) (at[r] != IDLE)
#else
#define JOINABLE(r) (at[r] != IDLE && askedAge[r] < OVER)
#endif

#define LIVE(i) (heldAsOf[i] && heldAge[i] < OVER)

proctype LookUp(byte r) {
  do
  /* The lease runs: decided without any I/O. */
  :: d_step { LIVE(ISOLATE(r)) -> assert(heldVersion[ISOLATE(r)] >= answered) }

  /* It does not, or this isolate has no record, or the verification asks to be fresh. */
  :: d_step { at[r] == IDLE -> at[r] = ASKED; need[r] = answered; askedAge[r] = 0 }
  :: d_step { at[r] == ASKED && minSeq[NEAREST(r)] ->
       got[r] = (minSeq[NEAREST(r)] > floor[NEAREST(r)] -> minSeq[NEAREST(r)] : floor[NEAREST(r)]);
       at[r] = BARRED }
  KV_ANSWERS(r, 1)
  KV_ANSWERS(r, 2)
  KV_ANSWERS(r, 3)
  KV_ANSWERS(r, 4)
  KV_ANSWERS(r, 5)
  KV_ANSWERS(r, 6)
  KV_ANSWERS(r, 7)
  KV_ANSWERS(r, 8)
  /* What memory holds, measured against the bar. */
  :: d_step { GOOD(r, heldAsOf[ISOLATE(r)]) ->
       assert(heldVersion[ISOLATE(r)] >= need[r]);
       keep(ISOLATE(r), heldAsOf[ISOLATE(r)], heldVersion[ISOLATE(r)], FROM(r));
       done(r) }
  /* The fence is empty or does not answer, or nothing good enough was found: D1 is asked. */
  :: d_step { at[r] == ASKED || at[r] == BARRED -> at[r] = READING; got[r] = 0; askedAge[r] = 0 }
#ifdef MUT_asof_apart
  :: d_step { at[r] == READING -> gotVersion[r] = version; at[r] = HALF_READ }
  :: d_step { at[r] == HALF_READ -> got[r] = counter; at[r] = READ }
#else
  :: d_step { at[r] == READING -> got[r] = counter; gotVersion[r] = version; at[r] = READ }
#endif
  :: d_step { at[r] == READ ->
       assert(gotVersion[r] >= need[r]);
       keep(ISOLATE(r), got[r], gotVersion[r], FROM(r));
       done(r) }
  /* D1 is down: 503, nothing kept. Also a verification that is given up. */
  :: d_step { at[r] != IDLE -> done(r) }

#ifdef JOIN
  /* Another verification joins this look-up; from now on its need counts as well. */
  :: d_step { JOINABLE(r) && need[r] < answered -> need[r] = answered }
#endif
  /* Least recently used, or forgotten by a changer in this isolate. */
  :: d_step { heldAsOf[ISOLATE(r)] ->
       heldAsOf[ISOLATE(r)] = 0; heldVersion[ISOLATE(r)] = 0; heldAge[ISOLATE(r)] = OVER }
  od
}

/* ======================================================================================================= */
/* Time passes for all at once. Ages stop where nothing more depends on them, so there is no end of time. */

#define GROW(age, most) if :: age < most -> age++ :: else fi

proctype Time() {
  do
  :: d_step { true ->
       GROW(heldAge[0], OVER);
#if ISOLATES > 1
       GROW(heldAge[1], OVER);
#endif
       GROW(askedAge[0], OVER);
#if LOOKUPS > 1
       GROW(askedAge[1], OVER);
#endif
#if LOOKUPS > 2
       GROW(askedAge[2], OVER);
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
 * The drainer runs on. The restored row is a version of its own, so that records of the time that was
 * undone, and what they say, count as old. */

#ifdef RESTORE
inline reset(f) {
  minSeq[f] = 0; floor[f] = 0;
#ifndef MUT_reset_keeps_registration
  answer[f] = 0;
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
  /* A fence that does not acknowledge is asked again: the procedure goes on only when all have. */
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
    /* The fence has been open for long. */
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
