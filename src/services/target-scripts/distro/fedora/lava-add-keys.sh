# lava-add-keys KEY: trusts the key of a package source: a URL or file.
[ -n "$1" ] || { echo "usage: lava-add-keys KEY" >&2; exit 1; }
exec rpm --import "$1"
