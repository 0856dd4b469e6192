# lava-install-packages PACKAGE...: images are built with or without a package manager; what is there is used.
if command -v opkg > /dev/null; then
	opkg update && opkg install "$@"
elif command -v dnf > /dev/null; then
	dnf -q -y install "$@"
elif command -v apt-get > /dev/null; then
	apt-get -q update && apt-get -q -y install "$@"
else
	echo "lava-install-packages: this image has no package manager; it should already hold: $*"
fi
