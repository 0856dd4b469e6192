/**
 * Folder rules of src/: a folder imports only folders to its left (README.md, "The way through the house").
 * scripts/check-folders.mjs applies them: `rules` to every import, `cycles` to those that are left at run time.
 */
const MAY_IMPORT = {
  base: [],
  definition: ["base"],
  connections: ["base"],
  services: ["base", "connections", "definition"],
  device: ["base", "definition"],
  strategies: ["base", "definition", "device"],
  pipeline: ["base", "definition", "device", "strategies"],
  statechart: ["base", "definition", "device", "strategies", "pipeline"],
  interpreter: ["base", "definition", "device", "strategies", "pipeline", "statechart", "connections", "services"],
  results: ["base", "interpreter"],
  replay: [
    "base",
    "definition",
    "device",
    "strategies",
    "pipeline",
    "statechart",
    "connections",
    "services",
    "interpreter",
    "results",
  ],
  visualize: ["base", "pipeline", "statechart", "interpreter", "results"],
};
const folders = (names) => `^src/(${names.join("|")})/`;

module.exports = {
  rules: [
    ...Object.entries(MAY_IMPORT).map(([folder, others]) => ({
      name: `src/${folder} may import ${others.length ? others.map((name) => `src/${name}`).join(", ") : "no other folder"}`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: "^src/", pathNot: folders([folder, ...others]) },
    })),
    {
      name: "a new folder of src/ needs its rule in .dependency-cruiser.cjs",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: folders([...Object.keys(MAY_IMPORT), "cli", "generated"]) },
      to: {},
    },
    {
      name: "nothing imports src/cli but the testing helper",
      severity: "error",
      from: { pathNot: "^src/(cli/|testing)" },
      to: { path: "^src/cli/" },
    },
    {
      // What the bundle holds is a development dependency, the rest is installed with the package (CONTRIBUTING.md).
      name: "src/ uses no package that package.json does not name",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
  ],
  cycles: [{ name: "no cycle", severity: "error", from: {}, to: { circular: true } }],
};
