# lava-install-packages PACKAGE...: images are built with or without a package manager; what is there is used.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-install-functions"

# opkg's proxy stands in /etc/opkg/opkg.conf.
with_opkg() {
	opkg update
	opkg install "$@"
}
with_apt() {
	apt-get update -q
	apt-get install -y -q "$@"
}
if command -v opkg > /dev/null; then
	unset http_proxy
	five_times with_opkg "$@"
elif command -v dnf > /dev/null; then
	five_times dnf -q -y install "$@"
elif command -v apt-get > /dev/null; then
	five_times with_apt "$@"
else
	echo "lava-install-packages: this image has no package manager; it should already hold: $*"
fi
