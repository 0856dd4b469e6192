# lava-probe-ip: IP address of the probe at the device.
[ -n "$PROBE_DEVICE_IP" ] || { echo "lava-probe-ip: the device configuration does not give it" >&2; exit 1; }
printf '%s\n' "$PROBE_DEVICE_IP"
