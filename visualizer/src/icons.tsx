/** Small drawings in the text's own colour; every one of them stands beside a word or has a label around it. */
const PATHS = {
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.4V8l2.5 1.6",
  retry: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.6 1.6v2.8h-2.8",
  eye: "M1.5 8S4 3.6 8 3.6 14.5 8 14.5 8 12 12.4 8 12.4 1.5 8 1.5 8M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
  stop: "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
  check: "M3 8.6l3.2 3.2L13 4.6",
  cross: "M4 4l8 8M12 4l-8 8",
  skip: "M3 4l5 4-5 4zM8 4l5 4-5 4z",
  dot: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  open: "M4 6l4 4 4-4",
  close: "M6 4l4 4-4 4",
  fit: "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3L14 14",
  play: "M5 3.2v9.6L12.6 8z",
  pause: "M5.2 3.4v9.2M10.8 3.4v9.2",
  back: "M10.5 3.5L6 8l4.5 4.5M4 3.5v9",
  next: "M5.5 3.5L10 8l-4.5 4.5M12 3.5v9",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13",
  help: "M6 6a2 2 0 1 1 2.8 1.8c-.5.3-.8.6-.8 1.4M8 11.6v.2M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13",
  follow: "M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  layers: "M8 2l6 3-6 3-6-3zM2 8.2l6 3 6-3M2 11l6 3 6-3",
  collapse: "M4 6.5l4-3.5 4 3.5M4 9.5l4 3.5 4-3.5",
  route:
    "M4 12.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M12 6.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M5.5 11H9a2 2 0 0 0 0-4H8",
} as const;
export type IconName = keyof typeof PATHS;

export const Icon = ({ name, size = 14 }: { name: IconName; size?: number }) => (
  <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
