import {
  crowdedSurvival,
  embeddedSurvival,
  installedSurvival,
} from "./test-support/survival-suite.ts";

embeddedSurvival((number) => number % 12 !== 1);
installedSurvival((number) => number % 12 !== 4);
crowdedSurvival((number) => number % 4 !== 3);
