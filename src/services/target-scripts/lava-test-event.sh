# lava-test-event MESSAGE: a line of level "event" in the job's log. The message is one word of the shell.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

message=$1
[ $# -gt 0 ] && [ -z "$2" ] || echo "usage: lava-test-event MESSAGE" >&2
shift
[ -z "$1" ] || exit 1
signal "<LAVA_SIGNAL_TESTEVENT $message>"
exit 0
