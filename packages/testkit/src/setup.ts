/** Runs before every test file: console output fails a test, and property tests share the run's one seed. */
import { configureGlobal } from "fast-check";
import { failOnConsole } from "./console.ts";

failOnConsole();

const seed = Number(process.env["FC_SEED"]);
if (Number.isSafeInteger(seed)) configureGlobal({ seed });
