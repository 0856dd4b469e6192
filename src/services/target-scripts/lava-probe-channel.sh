# lava-probe-channel: channel of the probe at the device; an empty line where the device configuration does not give it.
echo "$PROBE_DEVICE_CHANNEL"
