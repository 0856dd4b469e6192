# lava-test-runner [STAGE-DIRECTORY]: runs the tests of one stage and tells the dispatcher when it ends, however it ends.
set +x
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"
. "$here/lava-test-runner-functions"

trap 'signal "<LAVA_TEST_RUNNER EXIT>"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

PATH=$(cd "$here" && pwd):$PATH
export PATH
run_stage "${1:-/lava}" /bin/sh
