# Sourced by the scripts beside it, and by scripts of tests: it defines `signal` and nothing else. POSIX sh, as all here.

# signal TEXT: one line for the dispatcher, on the console or, with KMSG, through the kernel's log.
signal() {
	if [ -n "${CHARACTER_DELAY-}" ]; then sleep "$CHARACTER_DELAY"; fi
	if [ -n "${KMSG-}" ]; then
		echo "<0>$1" > /dev/kmsg
	else
		echo "$1"
	fi
}
