import { crowdedSurvival } from "./test-support/survival-suite.ts";

// The others are in the full tests.
crowdedSurvival((number) => number % 4 === 3);
