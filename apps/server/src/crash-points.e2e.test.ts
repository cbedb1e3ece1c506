import { embeddedSurvival, installedSurvival } from "./test-support/survival-suite.ts";

// One point of three, in turns on either database; the full tests try all of the others.
embeddedSurvival((number) => number % 6 === 1);
installedSurvival((number) => number % 6 === 4);
