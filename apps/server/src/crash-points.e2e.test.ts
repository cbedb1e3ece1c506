import { embeddedSurvival, installedSurvival } from "./test-support/survival-suite.ts";

// Each point once; the full tests try all of them on both.
embeddedSurvival((number) => number % 2 === 1);
installedSurvival((number) => number % 2 === 0);
