# lava-install-packages PACKAGE...
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-install-functions"

install() {
	slackpkg -batch=on -default_answer=y update
	slackpkg -batch=on -default_answer=y install -y -q "$@"
}
five_times install "$@"
