# lava-add-keys KEY: trusts the key of a package source: a URL or file (armoured or binary), or a key id of the keyserver.
keys=/etc/apt/trusted.gpg.d
[ -n "$1" ] || { echo "usage: lava-add-keys KEY" >&2; exit 1; }
file=$(mktemp)
trap 'rm -f "$file"' EXIT
case $1 in
http://* | https://*) { command -v wget > /dev/null && wget -q -O "$file" "$1"; } || curl -fsSL -o "$file" "$1" || exit 1 ;;
/*) cat "$1" > "$file" || exit 1 ;;
*) exec apt-key adv --keyserver keyserver.ubuntu.com --recv-keys "$1" ;;
esac
number=1
while [ -e "$keys/lava-$number.asc" ] || [ -e "$keys/lava-$number.gpg" ]; do number=$((number + 1)); done
if grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$file"; then type=asc; else type=gpg; fi
cat "$file" > "$keys/lava-$number.$type"
