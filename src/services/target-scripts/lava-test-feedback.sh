# lava-test-feedback --namespace NAMESPACE: the dispatcher reads that namespace's console for a moment.
# What is not given is taken from the environment: NAMESPACE.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

synopsis() {
	echo "usage: lava-test-feedback --namespace NAMESPACE" >&2
	exit 1
}

while [ $# -gt 0 ]; do
	[ "$1" = --namespace ] || synopsis
	shift
	NAMESPACE=$1
	shift
done
[ -n "${NAMESPACE+x}" ] || synopsis
signal "<LAVA_SIGNAL_TESTFEEDBACK $NAMESPACE>"
exit 0
