# Sourced by the scripts that install packages.

# five_times COMMAND...: mirrors fail now and then, so five attempts, a minute apart; the code of the last one.
five_times() {
	attempt=1
	while :; do
		"$@" && return 0
		code=$?
		[ "$attempt" -lt 5 ] || return "$code"
		echo "lava-install-packages: attempt $attempt of 5 failed, next one in 60 s" >&2
		attempt=$((attempt + 1))
		sleep 60
	done
}
