# lava-test-event MESSAGE: a line of level "event" in the job's log.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -eq 1 ] && [ -n "$1" ] || usage "lava-test-event MESSAGE"
signal "<LAVA_SIGNAL_TESTEVENT $1>"
