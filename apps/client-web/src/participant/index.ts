/** A data holder's part in a run, without a page: what the pages for data holders show and do. */
export type {
  BrowserBackend,
  DeviceFacts,
  DeviceState,
  Effort,
  Power,
  Settings,
} from "./device-report.ts";
export type { ChosenFolder } from "./data/choices.ts";
export type {
  ColumnMapping,
  ColumnRole,
  FileFacts,
  FileProblem,
  FileState,
  Thumbnail,
  UnknownLabel,
} from "./file-report.ts";
export type { Invitation, PrivacyPromise, Problem } from "./invitation.ts";
export type { PrivacyRecord, PrivacyStanding } from "./privacy-standing.ts";
export { pagePorts } from "./page/page-ports.ts";
export { createParticipant } from "./participant.ts";
export type {
  MissedBecause,
  RoundOutcome,
  RoundPhase,
  RoundWork,
  SessionReport,
  Transfer,
} from "./session-report.ts";
export { takeLink } from "./link.ts";
export type {
  ActionName,
  Guess,
  Keepings,
  Membership,
  MissingFeature,
  NamedFile,
  Participant,
  ParticipantActions,
  ParticipantSnapshot,
  PausedBy,
  Road,
  Stage,
  StageKind,
  WrittenText,
} from "./types.ts";
