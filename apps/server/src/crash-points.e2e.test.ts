import { embeddedSurvival, installedSurvival } from "./test-support/survival-suite.ts";

// Two points of three, each on one database; the full tests try all of the others.
embeddedSurvival((number) => number % 3 === 1);
installedSurvival((number) => number % 3 === 2);
