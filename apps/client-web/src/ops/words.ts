/** What the operators' pages say where it belongs to no single page. */
export const words = {
  nav: {
    label: "Main",
    runs: "Runs",
    compare: "Compare",
    simulations: "Simulations",
    people: "People",
    audit: "Audit log",
    settings: "Settings",
    menu: "Menu",
    account: "Account",
    signOut: "Sign out",
    shortcuts: "Keyboard shortcuts",
  },
  shortcuts: {
    title: "Keyboard shortcuts",
    list: "This list",
    runs: "Go to runs",
    compare: "Go to compare",
    simulations: "Go to simulations",
    newRun: "New run",
    theme: "Other theme",
    note: "They are off while you type.",
  },
  loading: "Loading",
  tryAgain: "Try again",
  notFound: {
    title: "There is no such page",
    text: "The address may be misspelt, or what it showed is gone.",
    action: "Go to runs",
  },
  broken: {
    title: "This page has stopped working",
    text: "Nothing was lost on the server. Load the page again; if it happens again, tell us the code below.",
    action: "Load again",
  },
  updated: {
    title: "The server was updated while this page was open",
    text: "Load the page again to get the new one. What the server knows is kept.",
  },
  signedInAs: (name: string) => `Signed in as ${name}`,
} as const;
