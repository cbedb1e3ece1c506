import { crowdedSurvival } from "./test-support/survival-suite.ts";

crowdedSurvival();
