# lava-install-packages PACKAGE...: mirrors fail now and then, so five attempts a minute apart.
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
attempt=1
while :; do
	apt-get -q update && apt-get -q -y -o Dpkg::Options::=--force-confold install "$@" && exit 0
	[ "$attempt" -lt 5 ] || break
	echo "lava-install-packages: attempt $attempt of 5 failed, next one in 60 s" >&2
	attempt=$((attempt + 1))
	sleep 60
done
echo "lava-install-packages: could not install: $*" >&2
exit 1
