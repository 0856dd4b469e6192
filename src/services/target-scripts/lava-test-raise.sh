# lava-test-raise MESSAGE: the test cannot go on; the dispatcher ends it with a TestError.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -ge 1 ] && [ -n "$*" ] || usage "lava-test-raise MESSAGE"
signal "<LAVA_SIGNAL_TESTRAISE $*>"
exit 1
