/** Messages: what happened, what is kept, what to do. `{slots}` without a value take the plain form of the text. */

/** What a button of a message does. */
export const actionWords = {
  "write-to-organiser": "Write to the organiser",
  "enter-link": "Enter another link",
  "choose-file": "Choose another file",
  "choose-same-file": "Choose the file again",
  "try-again": "Try again",
  "check-again": "Check again",
  "take-over": "Take over here",
  reload: "Reload the page",
  resume: "Go on",
  done: "Go to the model",
  mine: "Show what is kept here",
  device: "Details",
} as const;

/** Ids of those buttons. */
export type ActionId = keyof typeof actionWords;

/** One message; `plain` stands in where a slot of `text` has no value. */
export interface MessageText {
  readonly title: string;
  readonly text: string;
  readonly plain?: string;
  readonly action: ActionId;
  /** Blocks the way, asks for patience, or only tells. */
  readonly tone: "bad" | "wait" | "idle";
}

const aboutInvitations = {
  "invitation-ended": {
    title: "This invitation no longer works",
    text: "It was open until {date}. Nothing was sent. Ask {organiser} for a new link.",
    plain:
      "Its time is over, or all its places are taken. Nothing was sent. Ask {organiser} for a new link.",
    action: "write-to-organiser",
    tone: "bad",
  },
  "invitation-unknown": {
    title: "This invitation is not known",
    text: "The link may be cut off, or made for another server. Nothing was sent. Paste the whole link once more.",
    action: "enter-link",
    tone: "bad",
  },
  "invitation-taken-back": {
    title: "This invitation was taken back",
    text: "{organiser} has closed it. Nothing was sent. Ask them for a new link.",
    action: "write-to-organiser",
    tone: "bad",
  },
  "invitation-not-yours": {
    title: "This invitation is for somebody else",
    text: "It was made for another device or another run. Nothing was sent. Ask {organiser} for a link of your own.",
    action: "write-to-organiser",
    tone: "bad",
  },
  "run-unknown": {
    title: "This run is not there",
    text: "The server does not know it, or it was deleted. What is kept in this browser stays. Ask {organiser}, or enter another link.",
    action: "enter-link",
    tone: "bad",
  },
  "run-over": {
    title: "The run has ended",
    text: "It takes in nothing more. What this device has learned is kept. You can use the model now.",
    action: "done",
    tone: "idle",
  },
  "run-broken": {
    title: "The run has ended with an error",
    text: "The server could not go on. What this device has learned is kept. Ask {organiser} whether it starts again.",
    action: "write-to-organiser",
    tone: "bad",
  },
  revoked: {
    title: "This device’s part has ended",
    text: "{organiser} has ended this device’s part. What is here is kept. Ask them why.",
    action: "write-to-organiser",
    tone: "bad",
  },
  "device-unknown": {
    title: "The server does not know this device",
    text: "Its key is not on the list of this run. What is here is kept. Enter the link from the invitation once more.",
    action: "enter-link",
    tone: "bad",
  },
} as const satisfies Record<string, MessageText>;

const aboutFiles = {
  "file-gone": {
    title: "The file is not there any more",
    text: "It was moved, renamed or changed. Your place in the run is kept. Choose the file again.",
    action: "choose-same-file",
    tone: "bad",
  },
  "file-broken": {
    title: "We cannot read this file",
    text: "{reason}. Nothing was changed in it. Choose another file, or mend this one.",
    plain:
      "Something in it is not as we expect. Nothing was changed in it. Choose another file, or mend this one.",
    action: "choose-file",
    tone: "bad",
  },
  "file-labels": {
    title: "Your file has a label this run does not know",
    text: "“{label}” in line {line}. Nothing was changed in it. Choose the file again to leave such rows out.",
    plain: "Nothing was changed in the file. Choose it again to leave such rows out.",
    action: "choose-same-file",
    tone: "bad",
  },
  "budget-spent": {
    title: "This file’s privacy budget is used up",
    text: "{spent} of {budget}. This device refuses further training on it; the organiser cannot change that. You can still use the model.",
    plain:
      "This device refuses further training on it; the organiser cannot change that. You can still use the model.",
    action: "done",
    tone: "bad",
  },
} as const satisfies Record<string, MessageText>;

const aboutDevices = {
  "gpu-lost": {
    title: "The graphics card stopped answering",
    text: "Going on with the processor from step {step}. Nothing is lost.",
    plain: "Going on with the processor. Nothing is lost.",
    action: "device",
    tone: "wait",
  },
  "backend-missing": {
    title: "This browser cannot calculate here",
    text: "It offers neither the graphics card nor the processor in a way that we can use. Nothing was sent. Open the link in the newest Chrome, Edge, Firefox or Safari.",
    action: "check-again",
    tone: "bad",
  },
  "browser-old": {
    title: "This browser is too old for training",
    text: "It has no {missing}. Nothing was sent. Open the link in the newest Chrome, Edge, Firefox or Safari.",
    plain:
      "Something that training needs is not there. Nothing was sent. Open the link in the newest Chrome, Edge, Firefox or Safari.",
    action: "check-again",
    tone: "bad",
  },
  "storage-denied": {
    title: "This browser does not let us keep anything",
    text: "Without storage a reload loses your place and your privacy record, so training cannot start. Free {needed} or leave the private window.",
    plain:
      "Without storage a reload loses your place and your privacy record, so training cannot start. Free some space or leave the private window.",
    action: "check-again",
    tone: "bad",
  },
  "record-changed": {
    title: "What is kept here was changed",
    text: "The privacy record or the state of this run does not fit its own checks. Training stops, so that nothing is counted wrongly. See what is kept, and delete this run if you want to begin anew.",
    action: "mine",
    tone: "bad",
  },
  "state-lost": {
    title: "A part of what was kept here was damaged",
    text: "It was begun afresh. Your privacy record is whole. Nothing that was sent is counted twice.",
    action: "mine",
    tone: "wait",
  },
  "battery-low": {
    title: "Paused: the battery is low",
    text: "It is at {percent}. Nothing is lost. Training goes on by itself on mains power.",
    plain: "Nothing is lost. Training goes on by itself on mains power.",
    action: "resume",
    tone: "wait",
  },
  "training-failed": {
    title: "Training stopped on this device",
    text: "The step could not be finished. Nothing was sent, and your file was not damaged. Try this round again.",
    action: "try-again",
    tone: "bad",
  },
  "model-broken": {
    title: "The starting model did not come in whole",
    text: "What was fetched does not fit its checks, so it was thrown away. Nothing was sent. Fetch it once more.",
    action: "try-again",
    tone: "bad",
  },
} as const satisfies Record<string, MessageText>;

const aboutServers = {
  "connection-lost": {
    title: "No connection to {server}",
    text: "Training goes on; what is ready will be sent when the connection is back. The round is open for {open} more.",
    plain: "Training goes on; what is ready will be sent when the connection is back.",
    action: "try-again",
    tone: "wait",
  },
  "round-missed": {
    title: "This round was missed",
    text: "Nothing is lost. You are in again from round {round}.",
    plain: "Nothing is lost. You are in again from the next round.",
    action: "resume",
    tone: "wait",
  },
  "server-restarts": {
    title: "The server is being restarted",
    text: "Your place and all that was learned are kept. This page goes on by itself when the server is back.",
    action: "try-again",
    tone: "wait",
  },
  "server-busy": {
    title: "The server asks for a short break",
    text: "It has too much to do at the moment. Nothing is lost. This page goes on by itself.",
    action: "try-again",
    tone: "wait",
  },
  "server-updated": {
    title: "The server was updated",
    text: "This page is of an older version. Your place and all that was learned are kept. Reload the page to go on.",
    action: "reload",
    tone: "wait",
  },
  "round-repeated": {
    title: "This round is done once more",
    text: "Too few devices took part in it. Nothing is lost, and nothing is counted twice.",
    action: "resume",
    tone: "wait",
  },
  "update-refused": {
    title: "The server did not take this round’s numbers",
    text: "{reason}. Your file was not damaged. This device is in again from the next round.",
    plain:
      "They did not pass its checks. Your file was not damaged. This device is in again from the next round.",
    action: "resume",
    tone: "bad",
  },
  "other-tab": {
    title: "Another tab is already training",
    text: "This one shows how it goes. Two tabs must not train at once, or your file would be charged twice.",
    action: "take-over",
    tone: "wait",
  },
  "clock-wrong": {
    title: "This device’s clock is wrong",
    text: "It is off by {span}. The server’s time is used, so that all goes well. Set the clock when you can.",
    plain: "The server’s time is used, so that all goes well. Set the clock when you can.",
    action: "reload",
    tone: "wait",
  },
  "wrong-place": {
    title: "This page may not speak to this server",
    text: "The server takes in devices from its own page only. Nothing was sent. Enter the link of the invitation again.",
    action: "enter-link",
    tone: "bad",
  },
  stopped: {
    title: "Training stopped",
    text: "You stopped it. Nothing is lost. Go on when you like.",
    action: "resume",
    tone: "idle",
  },
  "does-not-fit": {
    title: "This run asks for something this page cannot do",
    text: "Nothing was sent. Reload the page; if that does not help, tell {organiser}.",
    action: "reload",
    tone: "bad",
  },
  "our-fault": {
    title: "Something in this page went wrong",
    text: "It is not your fault, and your file was not damaged. What is kept here stays. Reload the page; if that does not help, tell {organiser}.",
    action: "reload",
    tone: "bad",
  },
} as const satisfies Record<string, MessageText>;

/** Every message. */
export const messageWords = {
  ...aboutInvitations,
  ...aboutFiles,
  ...aboutDevices,
  ...aboutServers,
};

/** Ids of the messages. */
export type MessageKind = keyof typeof messageWords;

/** Why an update was refused, as half a sentence. */
export const refusalWords = {
  "norm-exceeded": "They were too large: {norm}, the limit is {limit}",
  "not-finite": "Some of them were no numbers at all",
  "shape-mismatch": "They had another form than wanted",
  "layout-mismatch": "They belong to another layout of the model",
  "codec-invalid": "They were packed in a way it cannot open",
  "update-too-large": "They were more than it takes: {bytes}, the limit is {limit}",
  "late-update": "They came after the round was closed",
  "wrong-round": "They belong to another round",
  "update-conflict": "It has other numbers of this round already",
  "not-selected": "This device was not asked in this round",
} as const;

/** What stands in where the invitation names nobody. */
export const unnamedWords = { organiser: "the organiser", server: "the server" } as const;
