import { embeddedSurvival, installedSurvival } from "./test-support/survival-suite.ts";

embeddedSurvival((number) => number % 2 === 0);
installedSurvival((number) => number % 2 === 1);
