# lava-test-runner [STAGE-DIRECTORY]: as the generic one, on a phone: it must not sleep, and one runner at a time.
set +x
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"
. "$here/lava-test-runner-functions"

lock=${LCK-/lava-test-runner.lck}
[ ! -f "$lock" ] || exit 0
trap 'rm -f "$lock"; signal "<LAVA_TEST_RUNNER EXIT>"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

: > "$lock"
PATH=$(cd "$here" && pwd):$PATH
export PATH
signal "<LAVA_TEST_RUNNER disabling suspend and waiting for home screen ...>"
disablesuspend.sh
SHELL=/system/bin/sh
run_stage "${1:-/data/lava}" /system/bin/sh
