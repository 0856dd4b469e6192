# lava-target-storage [NAME]: the device's storage as lines "<tab>NAME<tab>VALUE", or only the values of one name, which fails
# where there are none.
if [ -z "$1" ]; then
	printf '%s' "$LAVA_STORAGE"
	exit 0
fi
tab=$(printf '\t')
# The values of one name come without a line end after the last one.
printf '%s' "$LAVA_STORAGE" | {
	between=
	while IFS= read -r line; do
		case $line in
		"$tab$1$tab"*) ;;
		*) continue ;;
		esac
		printf "$between%s" "${line#"$tab$1$tab"}"
		between='\n'
	done
	[ -n "$between" ]
}
