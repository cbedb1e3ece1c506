/** Step 1: what this is, what leaves, what is promised, what it costs. */
export const explainWords = {
  state: "Invitation",
  fallbackTitle: "Help train a model together",
  lead: "Several {parties} teach one model together. Each {party}’s computer learns from its own {subjects} and sends back only what it learned, as a list of numbers. The {subjects} stay where they are.",
  organiserSays: "{organiser} writes:",
  phoneFacts: "Invited by {organiser}, open until {date}. Nothing has been downloaded or sent yet.",
  phoneFactsOpen: "Invited by {organiser}. Nothing has been downloaded or sent yet.",
  nothingYet: "Nothing has been downloaded or sent yet.",

  invitedBy: "Invited by",
  server: "Server",
  openUntil: "Open until",
  alwaysOpen: "the run ends",
  time: "Time on this device",
  timeUnknown: "shown once this device was checked",
  timeKnown: "{work} of work",
  youCan: "You can",
  leaving:
    "pause, close the tab and come back, or leave at any time. What was already sent cannot be called back.",
  choose: "Choose a file",
  goOn: "Go on",
  decline: "Decline the invitation",
  declineShort: "Decline",
  declined: "You declined",
  declinedText:
    "Nothing was sent, and nothing is kept here. The link works for as long as it is open, should you change your mind.",
} as const;

/** The device border. */
export const borderWords = {
  title: "What leaves this device, and what does not",
  group: "What stays and what leaves",
  wall: "This device",
  stays: "Stays here",
  file: "Your file",
  fileNote: "Every {subject} and every label",
  fileNotePlain: "Every {subject}, from its first word to its last",
  personal: "Your own half of what is learned",
  personalNote: "{numbers} numbers, fitted to your {party} only",
  record: "Your privacy record and keys",
  recordNote: "One button deletes all of it",
  leaves: "Leaves, up to {rounds} times",
  perRound: "**{bytes}** of numbers per round",
  noteNoise: "{numbers} numbers, blurred with noise before they leave",
  notePlain: "{numbers} numbers, no noise: see below",
  noteServerNoise: "{numbers} numbers, no noise yet: see below",
  facts: "About **{bytes}** of receipts per round",
  factsNote: "How far it is, which browser, what calculates; no location",
  atMost: "At most **{bytes}** of numbers in the whole run",
  atMostNote: "You see each transfer as it happens",
  comesIn:
    "Comes in: the model to start from ({model}, once) and the joint result ({down} per round).",
  nobody: "Nobody receives {subject}, neither the organiser nor the other {parties}.",
} as const;

/** The odds, in each of the cases that a run can be. */
export const oddsWords = {
  recordTitle: "Could someone tell that one of your {subjects} was used?",
  recordQuestion:
    "Suppose an expert sees everything this device sends, and must say whether one particular {subject} was in your file. How often would they be right?",
  recordFoot:
    "Times right out of 100. Your device adds the noise itself, so this holds even if the organiser is not honest.",
  userTitle: "Could someone tell that you took part?",
  userQuestion:
    "Suppose an expert sees the finished model, and must say whether your whole file was used. How often would they be right?",
  serverFoot:
    "Times right out of 100. The organiser’s server adds the noise: this protects you from users of the model, **not from the organiser**, who sees what your device sends.",
  maskedFoot:
    "Times right out of 100. The server can open only the sum of at least {devices} devices, so it does not see yours.",
  sharedFoot:
    "Times right out of 100. Each device adds its share of the noise: this holds as long as most of them do, and the server adds up honestly.",
  coin: "Tossing a coin",
  run: "In this run, at most",
  plain: "Without noise, up to",
  picture:
    "How often an expert would be right, out of 100: tossing a coin 50; in this run at most {right}; without noise up to 100",
  rough: "At most, by a rough bound: the true number may be much lower.",
  verdictCoin: "That is hardly better than a coin.",
  verdictSomewhat: "That is somewhat better than a coin.",
  verdictClearly: "That is clearly better than a coin: a weak promise.",
  verdictLittle: "That is little protection; the organiser should explain why.",
  noneTitle: "There is no numerical promise in this run",
  noneText:
    "Your file stays here, but the numbers sent can reveal parts of it to someone who studies them. Researchers have rebuilt sentences from such numbers. Take part only if you trust {organiser}.",
  noneBox: "I know that there is no promise, and I trust {organiser}.",
  noneBoxMissing: "Tick the box first, or decline the invitation.",
  simulationTitle: "This is a simulation",
  simulationText:
    "Noise here comes from a generator that can be repeated. The figures describe a method. They protect nobody.",
  notHidden:
    "**It does not hide** that your {party} takes part, or what is true of your {subjects} as a whole.",
} as const;

/** The budget of one file over all runs. */
export const budgetWords = {
  title: "Privacy budget of your file",
  titleAny: "Privacy budget of each file",
  total: "{total} in total",
  noLimit: "no limit of your own",
  used: "{used} used by earlier runs",
  planned: "up to {planned} for this run",
  left: "{left} left afterwards",
  over: "{over} more than is left",
  picture:
    "Privacy budget: {used} of {total} used by earlier runs, up to {planned} for this run, {left} left afterwards",
  pictureNoLimit:
    "Privacy used: {used} by earlier runs, up to {planned} for this run; there is no limit of your own",
  foot: "When it is used up, this device refuses to train on this file, whatever the organiser asks.",
  footNoFile:
    "When it is used up, this device refuses to train on this file. What earlier runs have used is shown once you chose the file.",
  footNoLimit:
    "This device writes down what each run uses. You have set no limit of your own, so the run’s limit holds.",
  footOver: "The run will stop here before its end: this device refuses to go over your budget.",
  change: "Set your own limit",
  limit: "Most that all runs of a file may use",
  limitHelp: "A number for epsilon. A smaller one protects more. Empty means no limit of your own.",
  limitSet: "Set this limit",
  limitWrong: "This is no number above 0. Write one such as 8, or leave the field empty.",
  unit: "epsilon",
} as const;

/** The folds for experts. */
export const expertWords = {
  title: "The exact guarantee, for experts",
  tag: "ε\u00A0{epsilon} at δ\u00A0",
  tagNone: "none",
  unit: "Protected unit",
  unitRecord: "one {subject}",
  unitUser: "the whole file of one {party}",
  relation: "Neighbouring data differ by",
  sampling: "Sampling",
  samplingRate: "Poisson, with a rate of {rate} in each step",
  samplingAll: "none: every unit may enter every step",
  steps: "Noisy sums that a unit may be part of",
  noiseBy: "Who adds noise",
  noiseByDevice: "this device",
  noiseByServer: "the organiser’s server",
  noiseByDevices: "all devices together, each its share",
  noiseByNobody: "nobody",
  released: "Released",
  epsilon: "Epsilon at the end of the run",
  delta: "Delta",
  noiseMultiplier: "Noise multiplier",
  clipNorm: "Clip norm",
  accountant: "Accountant",
  right: "Right guesses out of 100",
} as const;
