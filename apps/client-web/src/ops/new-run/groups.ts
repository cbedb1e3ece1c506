/** The sections of the form for a new run, in their order. */

/** A section. */
export interface Group {
  readonly id: string;
  readonly title: string;
  readonly about: string;
}

/** All sections; the last one takes settings that nobody has placed and is not shown without any. */
export const groups: readonly Group[] = [
  {
    id: "task",
    title: "Task and data",
    about: "What is learned, and what every data holder\u2019s file has to look like.",
  },
  {
    id: "model",
    title: "Model and adapter",
    about: "The frozen base model, and the small part beside it that is trained.",
  },
  {
    id: "method",
    title: "Method",
    about: "What is trained, what travels, and how updates become the next adapter.",
  },
  {
    id: "rounds",
    title: "Rounds",
    about: "Every wait ends. A round closes at its quorum, or at its deadline.",
  },
  {
    id: "privacy",
    title: "Privacy",
    about: "Whether somebody could tell that a row, or a participant, was there.",
  },
  {
    id: "people",
    title: "People",
    about: "What people are told before they take part, and who may.",
  },
  { id: "other", title: "Other settings", about: "Settings that this page has no words for yet." },
];
