#!/usr/bin/env node
/** Sets up all that is missing, and says what it does before it does it. */
import { setupOrExit } from "./lib/setup.mjs";

setupOrExit({ tests: true });
console.log("Set up.");
