# lava-test-set start NAME | stop: the cases between the two belong to the set.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

case $# in
2)
	[ "$1" = start ] && [ -n "$2" ] || usage "lava-test-set start NAME" "lava-test-set stop"
	signal "<LAVA_SIGNAL_TESTSET START $(word "$2")>"
	;;
1)
	[ "$1" = stop ] || usage "lava-test-set start NAME" "lava-test-set stop"
	signal "<LAVA_SIGNAL_TESTSET STOP>"
	;;
*) usage "lava-test-set start NAME" "lava-test-set stop" ;;
esac
