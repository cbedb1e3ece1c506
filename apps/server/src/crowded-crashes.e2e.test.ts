import { crowdedSurvival } from "./test-support/survival-suite.ts";

// The other half is in the full tests.
crowdedSurvival((number) => number % 2 === 0);
