# lava-install-packages PACKAGE...
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-install-functions"

if command -v dnf > /dev/null; then tool=dnf; else tool=yum; fi
five_times "$tool" -e 0 -y -q install "$@"
