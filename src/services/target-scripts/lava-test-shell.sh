# lava-test-shell --output_dir DIRECTORY COMMAND...: runs the command with LAVA_RESULT_DIR set and keeps its exit code.
shift
export LAVA_RESULT_DIR="$1"
shift
mkdir -p "$LAVA_RESULT_DIR"
$*
echo $? > "$LAVA_RESULT_DIR/return_code"
