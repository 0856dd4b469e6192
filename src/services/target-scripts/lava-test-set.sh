# lava-test-set start NAME | stop: the cases between the two belong to the set. Further words are ignored.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

if [ "$1" = start ] && [ -n "$2" ]; then
	signal "<LAVA_SIGNAL_TESTSET START $2>"
elif [ "$1" = stop ]; then
	signal "<LAVA_SIGNAL_TESTSET STOP>"
else
	echo "usage: lava-test-set start NAME | lava-test-set stop" >&2
	shift
	exit 1
fi
exit 0
