# lava-self: the name of this member: the number of its job.
printf '%s\n' "$LAVA_HOSTNAME"
