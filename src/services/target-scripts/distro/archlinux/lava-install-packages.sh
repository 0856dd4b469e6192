# lava-install-packages PACKAGE...: with an update of the whole system: Arch does not support anything less.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-install-functions"

five_times pacman -Syu --noprogressbar --noconfirm "$@"
