# lava-echo-ipv4 INTERFACE: the IPv4 address of a network interface of this machine.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -eq 1 ] && [ -n "$1" ] || usage "lava-echo-ipv4 INTERFACE"
if command -v ip > /dev/null; then
	address=$(ip -4 addr show dev "$1" 2>/dev/null | sed -n 's/.*inet \([0-9.]*\).*/\1/p')
else
	address=$(ifconfig "$1" 2>/dev/null | sed -n 's/.*inet \(addr:\)\{0,1\}\([0-9.]*\).*/\2/p')
fi
if [ -z "$address" ]; then
	complain "$1 has no IPv4 address"
	exit 1
fi
printf '%s\n' "$address" | { read -r first; printf '%s\n' "$first"; }
