# lava-target-storage [NAME]: the device's storage as lines "NAME<tab>VALUE", or only the values of one name.
[ -n "$LAVA_STORAGE" ] || { echo "lava-target-storage: the device configuration does not give it" >&2; exit 1; }
printf '%s\n' "$LAVA_STORAGE" | {
	found=1
	while read -r name value; do
		[ -n "$name" ] || continue
		if [ -z "$1" ]; then
			printf '%s\t%s\n' "$name" "$value"
			found=0
		elif [ "$1" = "$name" ]; then
			printf '%s\n' "$value"
			found=0
		fi
	done
	exit "$found"
}
