#!/bin/bash
# Checks the models of the coherence protocol: every configuration must complete without error, and every mutant
# must give an error. Names that begin with "view:" are of view.pml, the others of coherence.pml.
#
#   research/model/check.sh                    the default set of both
#   research/model/check.sh view               the default set of view.pml, and its mutants
#   research/model/check.sh --long             the large configurations as well
#   research/model/check.sh retire mutants     only these ("mutants", "view:mutants": everything but the configurations)
#   research/model/check.sh --trace no_wait    a short trace to an error, for a configuration or a mutant
set -euo pipefail

models=$(cd "$(dirname "$0")" && pwd)
memory_mb=5500
small='-DCOUNTER=4 -DSETTLERS=1'
lag='-DREADER_LAG=1 -DCHANGER_LAG=1 -DMARGIN=2'
open='-DOPEN -DCOUNTER=3'
retire='-DRETIRE -DOPEN -DCOUNTER=5 -DSETTLERS=1 -DCHANGES=1'
restore='-DRESTORE -DCHANGES=1 -DCOUNTER=5 -DSETTLERS=1'

# name | macros
default_set="
opening       | -DCOUNTER=6 -DOTHERS -DLATE
loss          | -DCOUNTER=6 -DOTHERS -DLOSS
prune         | -DCOUNTER=5 -DPRUNE -DLOSS -DOPEN
lag           | -DCOUNTER=5 $lag
long-lease    | -DCOUNTER=5 -DL=3
shared        | -DCOUNTER=5 -DLOOKUPS=2 -DJOIN -DSETTLERS=1 -DLOSS
regions       | -DCOUNTER=5 -DFENCES=2 -DSETTLERS=1
retire        | -DCOUNTER=5 -DRETIRE -DLOSS -DOPEN -DCHANGES=1
restore       | -DCOUNTER=5 -DRESTORE -DSETTLERS=1
view:opening       | -DCOUNTER=5 -DGROUP
view:loss          | -DOPEN -DCOUNTER=4 -DGROUP -DLOSS
view:prune         | -DCOUNTER=4 -DGROUP -DPRUNE -DLOSS
view:two-digests   | -DOPEN -DDIGESTS=2 -DCOUNTER=3 -DGROUP
view:two-verifications | -DOPEN -DVERIFICATIONS=2 -DCOUNTER=3
view:two-of-each   | -DOPEN -DDIGESTS=2 -DVERIFICATIONS=2 -DRENEWALS=0 -DCHANGES=1 -DCOUNTER=2 -DGROUP
view:questions     | -DOPEN -DRENEWALS=2 -DCOUNTER=3
view:two-settles   | -DOPEN -DCOUNTER=3 -DGROUP -DSETTLERS=2
view:two-fences    | -DOPEN -DFENCES=2 -DCOUNTER=3
view:lag           | -DOPEN -DCOUNTER=3 -DGROUP $lag
view:long-lease    | -DOPEN -DCOUNTER=3 -DL=3
view:d1-lease      | -DCOUNTER=4 -DGROUP -DD1_LEASE
view:rows-stay     | -DOPEN -DCOUNTER=4 -DLOSS -DROWS_STAY
view:plain         | -DOPEN -DCOUNTER=3 -DGROUP -DPLAIN
"
long_set="
three-settles | -DCOUNTER=6 -DSETTLERS=3
three-changes | -DCOUNTER=6 -DCHANGES=3 -DLOSS
two-look-ups  | -DCOUNTER=5 -DLOOKUPS=2 -DJOIN
apart         | -DCOUNTER=4 -DFENCES=2 -DLOOKUPS=2 -DAPART -DSETTLERS=1 -DCHANGES=1
two-regions   | -DCOUNTER=4 -DFENCES=2 -DOPEN
restore-retire | -DCOUNTER=5 -DRESTORE -DRETIRE -DOPEN -DCHANGES=1 -DSETTLERS=1
retire-twice  | -DCOUNTER=6 -DRETIRE -DOPEN -DSETTLERS=1
restore-more  | -DCOUNTER=6 -DRESTORE -DSETTLERS=1
restore-two   | -DCOUNTER=5 -DRESTORE -DFENCES=2 -DCHANGES=1 -DSETTLERS=1
view:two-digests-loss | -DOPEN -DDIGESTS=2 -DCOUNTER=4 -DLOSS
view:two-fences-group | -DOPEN -DFENCES=2 -DCOUNTER=3 -DGROUP
"
# mutants (MUT_…, several joined by +) | macros
mutants="
no_wait                     | $small
no_fence                    | $small -DOPEN
lease_from_answer           | $small
empty_at_once               | $small
unsettled                   | $small
unacknowledged              | $small -DOPEN
asof_apart                  | $small -DOPEN
bump_outside                | $small -DOPEN
list_outside                | $small
delete_before_raises        | $small -DOPEN
delete_early+empty_at_once  | -DCOUNTER=4 -DOPEN
delete_any_seq              | -DCOUNTER=4 -DOPEN
register_apart              | $small
open_at_zero                | $small
raise_opens                 | $small -DLOSS
raise_dropped               | $small
prune_unlifted              | $small -DOPEN -DPRUNE
prune_keeps_registration    | $small -DPRUNE
no_margin                   | $small $lag
margin_for_readers_only     | $small $lag
lease_survives              | $small -DOPEN -DLOOKUPS=2
join_any                    | $small -DOPEN -DJOIN
retire_row_first            | $retire
retire_any_row              | $retire
retire_keeps_registration   | $retire
register_without_bump       | $retire
restore_without_reset       | $restore
restore_without_wait        | $restore
plain_counter               | $restore
reset_listed_only           | $restore
reset_keeps_registration    | $restore
view:no_lease                         | $open
view:lease_by_asking                  | $open
view:lease_from_answer                | $open
view:lease_of_a_later_question        | $open
view:base_overlooked                  | -DCOUNTER=3 -DCHANGES=1
view:horizon_overlooked               | $open -DDIGESTS=2
view:floors_overlooked                | $open
view:group_overlooked                 | $open -DGROUP
view:one_below                        | $open
view:memory_by_any_lease              | $open
view:own_lease_by_view                | $open -DL=2
view:news_without_floors              | $open
view:news_of_another_epoch            | $open
view:news_with_a_gap                  | $open
view:news_older_than_the_view         | $open
view:full_answer_takes_newer_lease    | $open
view:full_answer_adds                 | $open
view:full_answer_keeps_lower_horizon  | $open -DDIGESTS=2 -DCHANGES=3 -DCOUNTER=4
view:floors_dropped                   | $open
view:kv_judged_by_a_later_view        | $open
view:epoch_outlives_object            | $open
view:epoch_outlives_loss              | -DOPEN -DCOUNTER=4 -DLOSS
view:epoch_outlives_reset             | -DOPEN -DCOUNTER=4 -DLOSS
view:epoch_outlives_prune             | -DCOUNTER=4 -DPRUNE
view:log_too_short                    | $open
view:raise_not_logged                 | $open
view:group_not_logged                 | $open -DGROUP
view:left_out_not_told                | $open -DDIGESTS=2
view:others_than_the_newest           | $open -DDIGESTS=2
view:groups_not_in_full               | $open -DGROUP
view:asked_without_floor              | $open
view:answer_before_registration       | -DCOUNTER=3 -DCHANGES=1
view:answer_judged_by_what_it_tells   | $open -DGROUP
view:answer_judged_by_what_was_known  | $open -DGROUP
view:answer_judged_by_the_view        | $open -DGROUP
view:prune_unlifted                   | $open -DPRUNE
view:open_at_zero                     | -DCOUNTER=3 -DCHANGES=1
view:no_wait                          | $open
view:wait_from_before                 | $open
view:group_overlooked_by_settle       | $open -DGROUP
view:keys_overlooked_by_settle        | $open -DGROUP
view:no_margin                        | $open -DREADER_LAG=1 -DCHANGER_LAG=1
view:rev_not_moved                    | $open
"
# mutants that give no error on their own, because another rule covers them
harmless="
delete_early                | -DCOUNTER=4 -DOPEN
keep_older                  | $small -DOPEN -DLOOKUPS=2
wait_from_before            | $small -DOPEN
view:news_without_base                | -DCOUNTER=4 -DPRUNE
view:older_full_answer_ignored        | $open -DGROUP
view:asked_not_told                   | $open -DGROUP
view:inexact_view                     | $open -DDIGESTS=2
view:rev_not_moved                    | $open -DGROUP -DTIMEOUT
view:news_older_than_the_view         | $open -DGROUP -DTIMEOUT
"
# states that must be reached (SEEN_…)
reached="
answered                    | $small
kv_above_a_floor            | $small -DOPEN
answered_after_retiring     | $retire
answered_after_restoring    | -DCOUNTER=5 -DRESTORE -DSETTLERS=1
view:kv_by_a_view_replaced            | $open
view:older_full_answer                | $open
view:news_refused                     | $open
view:news_overtaken                   | $open
view:answered                         | $open
"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v spin gcc > /dev/null || { echo 'spin and gcc are needed: apt-get install spin gcc' >&2; exit 2; }
failed=0
storage= # how pan stores states: compressed for the large configurations

# build <name> <macros…>: builds $work/pan from the model that the name is of
build() {
  cd "$work"
  rm -f -- *
  if is_of_view "$1"; then model=view.pml; else model=coherence.pml; fi
  shift
  cp "$models/$model" .
  spin -a "${@}" "$model" > spin.log 2>&1 || { cat spin.log >&2; exit 2; }
  gcc -O2 -w -DSAFETY $storage -DMEMLIM=$memory_mb -o pan pan.c
}

is_of_view() { [[ $1 == view:* ]]; }

# explore <name> <macros…>: sets states, megabytes, seconds and outcome: clean, error or cut off
explore() {
  build "$@"
  nice -n 10 ./pan -m5000000 -w24 > pan.log 2>&1 || true
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
  megabytes=$(sed -n 's/^ *\([0-9]*\)[0-9.]*\ttotal actual memory usage.*/\1/p' pan.log)
  seconds=$(sed -n 's/^pan: elapsed time \([0-9.]*\) seconds/\1/p' pan.log)
  if grep -q 'errors: [1-9]' pan.log && grep -q 'assertion violated' pan.log; then outcome=error
  elif grep -q 'errors: 0' pan.log && ! grep -qE 'Search not completed|max search depth|out of memory|memory limit' pan.log
  then outcome=clean
  else outcome='cut off'
  fi
}

# names_of_model coherence|view <list>
names_of_model() {
  local name
  for name in $(names_of "$2"); do
    if is_of_view "$name"; then [ "$1" != view ] || echo "$name"
    else [ "$1" != coherence ] || echo "$name"; fi
  done
}

# macros_of <list> <name>
macros_of() { sed -n "s/^$2 *| //p" <<< "$1"; }
names_of() { sed -n 's/^\([^ |]*\) *|.*/\1/p' <<< "$1"; }
macros_for_mutants() { local part names=${1#view:}; for part in ${names//+/ }; do echo "-DMUT_$part"; done; }

check_configuration() {
  if [ -n "$(macros_of "$long_set" "$1")" ]; then storage=-DCOLLAPSE; else storage=; fi
  explore "$1" $(macros_of "$default_set$long_set" "$1")
  storage=
  local result='complete, no error'
  if [ "$outcome" = error ]; then result='ERROR: a stale verdict'; fi
  if [ "$outcome" = 'cut off' ]; then result='CUT OFF'; fi
  [ "$outcome" = clean ] || failed=1
  printf '%-36s %12s states %5s MB %7s s  %s\n' "$1" "$states" "${megabytes:-?}" "${seconds:-?}" "$result"
}

# check_single <name> <expected outcome> <text for it> <text for any other> <macros…>
check_single() {
  local name=$1 expected=$2 right=$3 wrong=$4
  shift 4
  explore "$name" "$@"
  if [ "$outcome" = "$expected" ]; then printf '%-36s %s\n' "$name" "$right"
  else printf '%-36s %s (%s)\n' "$name" "$wrong" "$outcome"; failed=1; fi
}

# check_mutants coherence|view
check_mutants() {
  local name of=$1
  for name in $(names_of_model "$of" "$mutants"); do
    check_single "$name" error killed SURVIVED $(macros_for_mutants "$name") $(macros_of "$mutants" "$name")
  done
  for name in $(names_of_model "$of" "$harmless"); do
    check_single "$name" clean 'survived, as expected (harmless on its own)' 'NOT AS EXPECTED' \
      $(macros_for_mutants "$name") $(macros_of "$harmless" "$name")
  done
  for name in $(names_of_model "$of" "$reached"); do
    check_single "$name" error reached 'NEVER REACHED' "-DSEEN_${name#view:}" $(macros_of "$reached" "$name")
  done
}

trace() {
  local macros
  macros=$(macros_of "$default_set$long_set" "$1")
  [ -n "$macros" ] || macros="$(macros_for_mutants "$1") $(macros_of "$mutants" "$1")"
  if is_of_view "$1"; then trace_view "$1" $macros; else trace_coherence "$1" $macros; fi
}

trace_coherence() {
  storage=-DBFS
  build "$@"
  shift
  nice -n 10 ./pan -w24 > pan.log 2>&1 || true
  [ -e coherence.pml.trail ] || { echo 'no error found'; exit; }
  spin -t -p "$@" coherence.pml | grep -E '^ *[0-9]+:' | grep -vE 'sub-sequence|\(goto\)|\[(DO|IF|goto)|\[k = |\(1\)\]'
}

# The variables that each step changes. A breadth-first search is not possible with hidden variables.
trace_view() {
  storage=-DREACH
  build "$@"
  shift
  nice -n 10 ./pan -i -m45 -w24 > pan.log 2>&1 || true
  [ -e view.pml.trail ] || { echo 'no error found within 45 steps'; exit; }
  spin -t -p -g "$@" view.pml | awk '
    function flush(  text, key) {
      for (key in now) if (now[key] != shown[key]) { text = text " " key "=" now[key]; shown[key] = now[key] }
      if (step != "") print step, process text
    }
    /trail ends/ { exit }
    $2 == "proc" && $1 ~ /^[0-9]+:$/ { if ($1 != step) { flush(); step = $1; process = $4 }; next }
    $2 == "=" && NF == 3 && $1 !~ /^[ijknm]$/ { now[$1] = $3 }
    END { flush() }'
}

if [ "${1:-}" = --trace ]; then trace "$2"; exit; fi
chosen=()
default() { names_of_model "$1" "$default_set"; if [ "$1" = view ]; then echo view:mutants; else echo mutants; fi; }
for argument in "$@"; do
  case $argument in
    --long) chosen=($(names_of "$default_set$long_set") mutants view:mutants) ;;
    view | coherence) chosen+=($(default "$argument")) ;;
    *) chosen+=("$argument") ;;
  esac
done
[ ${#chosen[@]} -gt 0 ] || chosen=($(default coherence) $(default view))
for name in "${chosen[@]}"; do
  if [ "$name" = mutants ]; then check_mutants coherence
  elif [ "$name" = view:mutants ]; then check_mutants view
  elif [ -n "$(macros_of "$default_set$long_set" "$name")" ]; then check_configuration "$name"
  else echo "no such configuration: $name" >&2; exit 2; fi
done
count() { names_of_model "$1" "$2" | grep -c .; }
for of in coherence view; do
  own=mutants
  if [ $of = view ]; then own=view:mutants; fi
  [[ " ${chosen[*]} " != *" $own "* ]] ||
    echo "$of.pml: $(count $of "$mutants") mutants and $(count $of "$harmless") harmless ones run"
done
exit $failed
