# lava-probe-channel: channel of the probe that is at the device.
[ -n "$PROBE_DEVICE_CHANNEL" ] || { echo "lava-probe-channel: the device configuration does not give it" >&2; exit 1; }
printf '%s\n' "$PROBE_DEVICE_CHANNEL"
