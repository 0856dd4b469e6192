/** The older command line: `lava-dispatch --target devices/fred.yaml job.yaml --output-dir=DIR`. */

/** Rewrites it to `run --device`; any other command line comes back as it is. */
export function modernArguments(args: string[], commands: string[]): string[] {
  const first = args.find((arg) => !arg.startsWith("-"));
  if (first !== undefined && commands.includes(first)) return args;
  if (!args.some((arg) => arg === "--target" || arg.startsWith("--target="))) return args;
  return ["run", ...args.map((arg) => (arg === "--target" ? "--device" : arg.replace(/^--target=/, "--device=")))];
}
