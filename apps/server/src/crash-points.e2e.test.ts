import { embeddedSurvival, installedSurvival } from "./test-support/survival-suite.ts";

// One point of six, in turns on either database; the full tests try all of the others.
embeddedSurvival((number) => number % 12 === 1);
installedSurvival((number) => number % 12 === 4);
