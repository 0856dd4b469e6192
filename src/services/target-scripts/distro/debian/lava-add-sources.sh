# lava-add-sources SOURCE: a "deb ..." line, or whatever add-apt-repository understands (ppa:...).
case $1 in
"") echo "usage: lava-add-sources SOURCE" >&2; exit 1 ;;
deb\ * | deb-src\ *) printf '%s\n' "$1" >> /etc/apt/sources.list.d/lava.list ;;
*) add-apt-repository -y "$1" ;;
esac
