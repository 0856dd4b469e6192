# lava-group [ROLE]: the members of the group with their roles, or the members of one role, which fails where there are none.
if [ -z "$1" ]; then
	printf '%s\n' "$LAVA_GROUP"
	exit 0
fi
# The members of a role come without a line end after the last one.
printf '%s\n' "$LAVA_GROUP" | {
	between=
	while read -r member role; do
		[ "$role" = "$1" ] || continue
		printf "$between%s" "$member"
		between='\n'
	done
	[ -n "$between" ]
}
