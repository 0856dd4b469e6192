# lava-test-runner STAGE-DIRECTORY: runs the tests of one stage and tells the dispatcher when it ends, however it ends.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

trap 'signal "<LAVA_TEST_RUNNER EXIT>"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ $# -eq 1 ] || usage "lava-test-runner STAGE-DIRECTORY"
PATH=$(cd "$here" && pwd):$PATH
export PATH
run_stage "$1"
