# lava-install-packages PACKAGE...
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-install-functions"

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# A source that fails does not matter where the packages come from others.
install() {
	apt-get update -q
	apt-get install -y -q -o Dpkg::Options::=--force-confold "$@"
}
five_times install "$@"
