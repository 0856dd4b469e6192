export const LOG_FORMATS = ["yaml", "json", "text"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
