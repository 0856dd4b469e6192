# lava-test-runner STAGE-DIRECTORY: as the generic one, on a phone: it must not sleep, and one runner at a time.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

lock=/lava-test-runner.lck
trap 'rm -f "$lock"; signal "<LAVA_TEST_RUNNER EXIT>"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ $# -eq 1 ] || usage "lava-test-runner STAGE-DIRECTORY"
if [ -e "$lock" ]; then
	trap - EXIT
	complain "another one is at work ($lock)"
	exit 0
fi
: > "$lock"
PATH=$(cd "$here" && pwd):$PATH
export PATH
signal "<LAVA_TEST_RUNNER disabling suspend and waiting for home screen ...>"
if command -v disablesuspend.sh > /dev/null; then disablesuspend.sh; fi
run_stage "$1"
