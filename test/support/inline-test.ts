/** A test block with one inline definition: each step is a line of shell. */
export const inlineTest = (name: string, ...steps: string[]): { test: object } => ({
  test: {
    definitions: [
      {
        from: "inline",
        name,
        path: `${name}.yaml`,
        repository: { metadata: { format: "Lava-Test Test Definition 1.0", name }, run: { steps } },
      },
    ],
  },
});
