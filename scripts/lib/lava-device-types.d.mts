/** The folder of LAVA's own device types; fetched once. */
export declare function lavaDeviceTypes(): string;
