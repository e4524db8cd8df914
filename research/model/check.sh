#!/bin/bash
# Checks the model of the coherence protocol: every configuration must complete without error, and every mutant
# must give an error.
#
#   research/model/check.sh                    the default set
#   research/model/check.sh --long             the large configurations as well
#   research/model/check.sh retire mutants     only these ("mutants": everything but the configurations)
#   research/model/check.sh --trace no_wait    the shortest trace to an error, for a configuration or a mutant
set -euo pipefail

model=$(cd "$(dirname "$0")" && pwd)/coherence.pml
memory_mb=5500
small='-DCOUNTER=4 -DSETTLERS=1'
lag='-DREADER_LAG=1 -DCHANGER_LAG=1 -DMARGIN=2'
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
"
# mutants (MUT_…, several joined by +) | macros
mutants="
no_wait                     | $small
wait_from_before            | $small -DOPEN
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
"
# mutants that give no error on their own, because another rule covers them
harmless="
delete_early                | -DCOUNTER=4 -DOPEN
keep_older                  | $small -DOPEN -DLOOKUPS=2
"
# states that must be reached (SEEN_…)
reached="
answered                    | $small
kv_above_a_floor            | $small -DOPEN
answered_after_retiring     | $retire
answered_after_restoring    | -DCOUNTER=5 -DRESTORE -DSETTLERS=1
"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v spin gcc > /dev/null || { echo 'spin and gcc are needed: apt-get install spin gcc' >&2; exit 2; }
failed=0
storage= # how pan stores states: compressed for the large configurations

# build <macros…>: builds $work/pan
build() {
  cd "$work"
  rm -f -- *
  cp "$model" .
  spin -a "${@}" coherence.pml > spin.log 2>&1 || { cat spin.log >&2; exit 2; }
  gcc -O2 -w -DSAFETY $storage -DMEMLIM=$memory_mb -o pan pan.c
}

# explore <macros…>: sets states, megabytes, seconds and outcome: clean, error or cut off
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

# macros_of <list> <name>
macros_of() { sed -n "s/^$2 *| //p" <<< "$1"; }
names_of() { sed -n 's/^\([^ |]*\) *|.*/\1/p' <<< "$1"; }
macros_for_mutants() { local part; for part in ${1//+/ }; do echo "-DMUT_$part"; done; }

check_configuration() {
  if [ -n "$(macros_of "$long_set" "$1")" ]; then storage=-DCOLLAPSE; else storage=; fi
  explore $(macros_of "$default_set$long_set" "$1")
  storage=
  local result='complete, no error'
  if [ "$outcome" = error ]; then result='ERROR: a stale verdict'; fi
  if [ "$outcome" = 'cut off' ]; then result='CUT OFF'; fi
  [ "$outcome" = clean ] || failed=1
  printf '%-28s %12s states %5s MB %7s s  %s\n' "$1" "$states" "${megabytes:-?}" "${seconds:-?}" "$result"
}

# check_single <name> <expected outcome> <text for it> <text for any other> <macros…>
check_single() {
  local name=$1 expected=$2 right=$3 wrong=$4
  shift 4
  explore "$@"
  if [ "$outcome" = "$expected" ]; then printf '%-28s %s\n' "$name" "$right"
  else printf '%-28s %s (%s)\n' "$name" "$wrong" "$outcome"; failed=1; fi
}

check_mutants() {
  local name
  for name in $(names_of "$mutants"); do
    check_single "$name" error killed SURVIVED $(macros_for_mutants "$name") $(macros_of "$mutants" "$name")
  done
  for name in $(names_of "$harmless"); do
    check_single "$name" clean 'survived, as expected (harmless on its own)' 'NOT AS EXPECTED' \
      $(macros_for_mutants "$name") $(macros_of "$harmless" "$name")
  done
  for name in $(names_of "$reached"); do
    check_single "$name" error reached 'NEVER REACHED' "-DSEEN_$name" $(macros_of "$reached" "$name")
  done
}

trace() {
  local macros
  macros=$(macros_of "$default_set$long_set" "$1")
  [ -n "$macros" ] || macros="$(macros_for_mutants "$1") $(macros_of "$mutants" "$1")"
  storage=-DBFS
  build $macros
  nice -n 10 ./pan -w24 > pan.log 2>&1 || true
  [ -e coherence.pml.trail ] || { echo 'no error found'; exit; }
  spin -t -p $macros coherence.pml | grep -E '^ *[0-9]+:' | grep -vE 'sub-sequence|\(goto\)|\[(DO|IF|goto)|\[k = |\(1\)\]'
}

if [ "${1:-}" = --trace ]; then trace "$2"; exit; fi
chosen=()
for argument in "$@"; do
  if [ "$argument" = --long ]; then chosen=($(names_of "$default_set$long_set") mutants)
  else chosen+=("$argument"); fi
done
[ ${#chosen[@]} -gt 0 ] || chosen=($(names_of "$default_set") mutants)
for name in "${chosen[@]}"; do
  if [ "$name" = mutants ]; then check_mutants
  elif [ -n "$(macros_of "$default_set$long_set" "$name")" ]; then check_configuration "$name"
  else echo "no such configuration: $name" >&2; exit 2; fi
done
count() { names_of "$1" | grep -c .; }
[[ " ${chosen[*]} " != *' mutants '* ]] || echo "$(count "$mutants") mutants and $(count "$harmless") harmless ones run"
exit $failed
