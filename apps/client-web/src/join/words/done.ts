/** After training: is the model any good, can I have it, how do I get rid of all this? */
export const doneWords = {
  state: "Finished",
  stateLeft: "Left",
  stateEnded: "Ended",
  title: "The model is trained",
  titleStopped: "The organiser has stopped the run",
  titleFailed: "The run has ended early",
  titleEnded: "This device’s part has ended",
  titleLeft: "You have left this run",
  lead: "This device took part in {done} of {rounds} rounds. You can try the model here, keep it, or delete all of it.",
  leadEarly:
    "The run ended after {rounds} rounds; this device took part in {done} of them. You can still try what was learned, or keep it.",
  leadLeft:
    "This device took part in {done} rounds. What it has sent stays with the run. What is here is yours to try, to keep or to delete.",
  leadEnded: "Below is why. What is here is yours to try, to keep or to delete.",
  leadNothing: "This device has sent no numbers of its own, so there is no model to try here.",
  accuracy: "Correct on your {subjects}",
  accuracyNote: "from {first} at first; {rows} {subjects} that training never saw",
  accuracyNone: "not measured",
  sent: "Sent in all",
  sentNote: "in {done} rounds, no {subject}",
  privacy: "Privacy used",

  try: "Try the model",
  tryText: "What you type is read in this browser. It is not sent, and not kept.",
  tryField: "A {subject} to sort",
  tryFieldPair: "The second text",
  tryDo: "Sort it",
  tryEmpty: "Type something first.",
  tryResult: "The model says “{label}”",
  tryUnsure: "The model is not sure. It would say “{label}”.",
  tryOther: "How sure it is of each label",
  tryFailed: "The model could not read this text.",

  keep: "Keep the model",
  keepText:
    "Two files for common tools (PEFT): what all have learned together, and your own half. They need the starting model, {model}.",
  keepTextPlain:
    "Two files for common tools (PEFT): what all have learned together. They need the starting model, {model}.",
  keepWarning:
    "Your own half has learned from your {subjects} alone. Give it only to people who may see them.",
  download: "Download the model",
  list: "Save the list of what was sent",

  delete: "Delete all of this",
  deleteText:
    "This browser keeps your own numbers, the model, a copy of the columns in use, the keys and your privacy record. Your file on the disk is not touched.",
} as const;

/** `/join/mine`: all that this device takes part in. */
export const mineWords = {
  state: "This device’s runs",
  title: "What this device takes part in",
  lead: "All of this is kept in this browser, and nowhere else.",
  loading: "Reading what is kept here",
  empty: "This device takes part in nothing",
  emptyText: "When you accept an invitation, the run is listed here with all that was sent.",
  emptyDo: "Enter a link",
  runs: "Runs",
  open: "Open",
  by: "{organiser}, {server}",
  joined: "since {date}",
  rounds: "{done} rounds",
  roundsOne: "1 round",
  sent: "{bytes} sent",
  stageInvited: "Not started",
  stageTraining: "Taking part",
  stagePaused: "Paused",
  stageLeft: "Left",
  stageFinished: "Finished",
  stageRefused: "Ended",
  stageFailed: "Stopped",
  records: "Privacy record of your files",
  recordsText: "One line for each file that a run with a promise has used.",
  recordsEmpty: "No run with a promise has used a file of yours.",
  recordFile: "File",
  recordUsed: "Used, all runs",
  recordRuns: "Runs",
  recordUnnamed: "file {hash}",
  recordValue: "ε {spent}, δ ",
  kept: "Kept in this browser",
  keptModels: "Starting models",
  keptFiles: "Copies of the columns in use",
  keptNumbers: "Own numbers, never sent",

  delete: "Delete everything",
  deleteText:
    "Removes all runs, numbers, copies, keys and privacy records from this browser. Your files on the disk are not touched.",
  deleteDo: "Delete everything…",
  deleteTitle: "Delete everything of this device?",
  deleteEffect:
    "Deletes {numbers} numbers, {records} and the keys from this browser. The joint model stays with the others.",
  deleteEffectKeep:
    "Deletes {numbers} numbers and the keys from this browser. {records} kept. The joint model stays with the others.",
  deleteUnknown:
    "Deletes all numbers, privacy records and keys from this browser. The joint model stays with the others.",
  recordsMany: "{count} privacy records",
  recordsOne: "1 privacy record",
  recordsNone: "no privacy record",
  keepManyStay: "{count} privacy records are",
  keepOneStays: "1 privacy record is",
  keepNoneStay: "No privacy record is",
  keepRecords: "Keep the privacy records",
  keepRecordsHelp: "Without them, a later run counts your files from zero again.",
  deleteYes: "Delete everything",
  deleteNo: "Keep it",
  deleted: "Everything was deleted",
} as const;
