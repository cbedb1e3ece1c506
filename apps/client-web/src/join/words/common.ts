/** What stands on more than one page. */
export const commonWords = {
  steps: ["What this is", "Your file", "This device", "Training"],
  stepOf: "Step {step} of {steps}",
  stepList: "Steps",
  title: "{state} · {run} · fedtune",
  titleAlone: "{state} · fedtune",
  opening: "Opening",
  openingText: "Looking at what this browser keeps.",
  readingText: "Asking {server} what the invitation is about.",
  checkAgain: "Check again",
  home: "fedtune: this device’s runs",
  mine: "This device’s runs",
  aside: "About this run and this device",
  actions: "What you can do",
  tryAgain: "Try again",
  putAside: "All right",
  cancel: "Not now",
  saved: "Saved",
  unknownPage: "There is no such page",
  unknownPageText: "The address may be cut off. Paste the whole link from the invitation.",
  toStart: "Enter a link",
} as const;

/** What a browser may lack. */
export const missingWords = {
  workers: "work beside the page (workers)",
  "indexed-db": "storage for pages (IndexedDB)",
  "web-locks": "locks between tabs",
  ed25519: "keys of the kind Ed25519",
  "web-assembly": "WebAssembly",
  "secure-context": "protected connection (https)",
} as const;

/** `/join`: where a link or a QR code is put. */
export const enterWords = {
  state: "Join",
  title: "Join with an invitation",
  lead: "Somebody sent you a link or a picture with a square code. Put it here to see what it asks of you. Nothing is sent before you agree.",
  field: "Link or code",
  fieldHelp: "It looks like {example}",
  open: "Open the invitation",
  empty: "Put the link from the invitation here first.",
  notALink:
    "This is no invitation. It has the address of a server, and a part after the sign #. Copy all of it.",
  otherServer: "This invitation is for {server}",
  otherServerText:
    "This page belongs to {here}. The link opens the page of the other server, in this tab.",
  goThere: "Go to {server}",
  picture: "Picture of a code",
  pictureHelp: "A photo or a screenshot with the square code. It is read on this device.",
  choosePicture: "Choose a picture",
  dropPicture: "Drop the picture anywhere",
  noCode: "No code was found in this picture. Try a sharper one, with the whole square on it.",
  scan: "Camera",
  scanHelp: "Hold the code in front of the camera. The pictures stay on this device.",
  scanStart: "Scan with the camera",
  scanStop: "Stop the camera",
  scanning: "Looking for a code",
  scanDenied:
    "This browser may not use the camera. Allow it in the browser’s settings, or choose a picture.",
  cannotScan:
    "This browser cannot read pictures of codes. Paste the link instead, or use the camera app of your phone: it opens the link by itself.",
} as const;
