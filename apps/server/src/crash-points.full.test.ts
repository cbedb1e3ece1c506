import {
  crowdedSurvival,
  embeddedSurvival,
  installedSurvival,
} from "./test-support/survival-suite.ts";

embeddedSurvival((number) => number % 3 !== 1);
installedSurvival((number) => number % 3 !== 2);
crowdedSurvival((number) => number % 2 === 1);
