# lava-echo-ipv4 INTERFACE: the IPv4 address of a network interface of this machine; an empty line where it has none.
if [ -z "$1" ]; then
	echo "usage: lava-echo-ipv4 INTERFACE" >&2
	exit 0
fi
PATH=$PATH:/usr/sbin:/sbin
if command -v ip > /dev/null; then
	address=$(ip -4 addr show dev "$1" | sed -n 's/.*inet \([0-9.]*\).*/\1/p')
elif command -v ifconfig > /dev/null; then
	address=$(ifconfig "$1" | sed -n 's/.*inet \(addr:\)\{0,1\}\([0-9.]*\).*/\2/p')
else
	echo "lava-echo-ipv4: neither ip nor ifconfig is here" >&2
	exit 0
fi
[ -n "$address" ] || echo "lava-echo-ipv4: $1 has no IPv4 address" >&2
printf '%s\n' "$address" | { read -r first; printf '%s\n' "$first"; }
