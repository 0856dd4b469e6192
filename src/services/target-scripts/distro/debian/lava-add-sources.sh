# lava-add-sources SOURCE...: the words of a "deb ..." line, or whatever add-apt-repository understands (ppa:...).
# A source that cannot be added is no error here: the packages may be there without it.
case $* in
"deb "* | "deb-src "*) printf '%s\n' "$*" >> /etc/apt/sources.list.d/lava.list ;;
*)
	DEBIAN_FRONTEND=noninteractive
	export DEBIAN_FRONTEND
	if ! command -v add-apt-repository > /dev/null; then
		apt-get update -q
		apt-get install -y -q software-properties-common
	fi
	add-apt-repository -y "$@"
	;;
esac
exit 0
