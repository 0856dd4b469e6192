/** Block YAML as LAVA's own files have it: sequences not indented, single quotes where quotes must be, 80 columns. */
import { stringify } from "yaml";

export const blockYaml = (value: unknown): string =>
  stringify(value, {
    version: "1.1",
    indentSeq: false,
    singleQuote: true,
    lineWidth: 80,
    aliasDuplicateObjects: false,
    blockQuote: false,
  });
