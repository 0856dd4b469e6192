#!/usr/bin/env node
/** Sets up all that is missing, and says what it does before it does it. */
import { IS_CHECKOUT } from "./lib/paths.mjs";
import { setupOrExit } from "./lib/setup.mjs";

setupOrExit({ tests: IS_CHECKOUT });
console.log("Set up.");
