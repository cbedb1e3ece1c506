import {
  crowdedSurvival,
  embeddedSurvival,
  installedSurvival,
} from "./test-support/survival-suite.ts";

embeddedSurvival((number) => number % 6 !== 1);
installedSurvival((number) => number % 6 !== 4);
crowdedSurvival((number) => number % 4 !== 3);
