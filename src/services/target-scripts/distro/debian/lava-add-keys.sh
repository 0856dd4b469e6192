# lava-add-keys KEY...: trusts the keys of package sources: each a URL or a file (armoured or binary), or a key id of the
# keyserver. A key that cannot be had is no error here: the packages may be there without it.
keys=/etc/apt/trusted.gpg.d

# fetch KEY FILE
fetch() {
	case $1 in
	http://* | https://*) { command -v wget > /dev/null && wget -q -O "$2" "$1"; } || curl -fsSL -o "$2" "$1" ;;
	*) cat "$1" > "$2" ;;
	esac
}

# keep FILE: under the next free name.
keep() {
	number=1
	while [ -e "$keys/lava-$number.asc" ] || [ -e "$keys/lava-$number.gpg" ]; do number=$((number + 1)); done
	if grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$1"; then type=asc; else type=gpg; fi
	cat "$1" > "$keys/lava-$number.$type"
}

file=$(mktemp)
for key in "$@"; do
	case $key in
	*/*) fetch "$key" "$file" && keep "$file" ;;
	*) apt-key adv --keyserver keyserver.ubuntu.com --recv-keys "$key" ;;
	esac || echo "lava-add-keys: the key could not be added: $key" >&2
done
rm -f "$file"
exit 0
