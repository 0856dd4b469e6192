# lava-test-shell --output_dir DIRECTORY COMMAND...: runs the command with LAVA_RESULT_DIR set and keeps its exit code.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -ge 3 ] && [ "$1" = --output_dir ] || usage "lava-test-shell --output_dir DIRECTORY COMMAND..."
LAVA_RESULT_DIR=$2
export LAVA_RESULT_DIR
mkdir -p "$LAVA_RESULT_DIR"
shift 2
"$@"
code=$?
echo "$code" > "$LAVA_RESULT_DIR/return_code"
exit "$code"
