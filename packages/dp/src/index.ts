/** Differential privacy: what was done to data (events), what it costs (accountants), and how noise is made. */
export { neighbouringRelations, parseEvents, privacyEventSchema, privacyUnits } from "./events.ts";
export type { NeighbouringRelation, PrivacyEvent, PrivacyUnit } from "./events.ts";
