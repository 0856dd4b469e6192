# lava-test-feedback --namespace NAMESPACE: the dispatcher reads that namespace's console for a moment.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -eq 2 ] && [ "$1" = --namespace ] && [ -n "$2" ] || usage "lava-test-feedback --namespace NAMESPACE"
signal "<LAVA_SIGNAL_TESTFEEDBACK $2>"
