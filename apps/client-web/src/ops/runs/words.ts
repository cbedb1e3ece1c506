/** What the list of runs says. */
import { formatCount } from "@fedtune/figures";

/** Texts of the page. */
export const words = {
  title: "Runs",
  newRun: "New run",
  search: "Search by name, method or model",
  state: "State",
  anyState: "All states",
  columns: "Columns",
  columnsTitle: "Columns of the list",
  columnsHelp: "Kept for you in this browser.",
  earlier: "Move up",
  later: "Move down",
  asAtFirst: "As at first",
  choice: "Choose",
  compare: (count: number) => (count < 2 ? "Compare" : `Compare ${formatCount(count)}`),
  compareHint: "Choose two or more runs to compare them",
  compareShortcut: "Compare the chosen runs",
  filterShortcut: "Search the runs",
  select: (run: string) => `Choose ${run}`,
  caption: (count: number) => `${formatCount(count)} runs, those that go on first`,
  older: "Show older runs",
  shown: (count: number, total: number) => `${formatCount(count)} of ${formatCount(total)} runs`,
  failed: "Could not load the runs",
  noneTitle: "No runs yet",
  noneText:
    "A run trains one model with many data holders, whose files stay with them. Choose what is learned, see what it costs, and invite them with a link.",
  noneAction: "Create the first run",
  noMatch: "No run fits",
  noMatchText: "Nothing here has this in its name, method or model, and this state.",
  showAll: "Show all runs",
  bestAt: (round: number) => `round ${formatCount(round)}`,
  hidden: "withheld",
  noLimit: "no limit",
  troubled: "Needs a look",
} as const;
