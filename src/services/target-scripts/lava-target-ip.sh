# lava-target-ip: the device's own IP address.
[ -n "$TARGET_DEVICE_IP" ] || { echo "lava-target-ip: the device configuration does not give it" >&2; exit 1; }
printf '%s\n' "$TARGET_DEVICE_IP"
