# lava-group [ROLE]: the members of the group with their roles, or the members of one role.
if [ $# -eq 0 ]; then
	printf '%s\n' "$LAVA_GROUP"
	exit 0
fi
printf '%s\n' "$LAVA_GROUP" | {
	found=1
	while read -r member role; do
		[ "$role" = "$1" ] || continue
		printf '%s\n' "$member"
		found=0
	done
	exit $found
}
