/** Step 2 of runs that read pictures: what stands in for the words about tables. */

/** In the place of `fileWords`. */
export const pictureFileWords = {
  state: "Your pictures",
  title: "Choose your folder of {subjects}",
  titleUsable: "Is this the right folder?",
  titleProblem: "This folder needs a change",
  lead: "The pictures are read here, in this browser. They do not leave this device, now or later.",
  drop: "Drop the folder anywhere",
  dropHint: "Or drop it anywhere on this page.",
  choose: "Choose a folder",
  chooseOther: "Choose another folder",
  chooseOtherShort: "Another folder",
  formats: "PNG, JPEG or WebP. What lies beside these folders is left alone.",
  needsText: "one folder with a folder in it for each label",
  needsLabel: "names of folders that are labels, {count} in all",
  good: "This folder fits",
  preview: "{shown} of {rows} {subjects}",
  staysText:
    "A copy of the pictures in use is kept in this browser, so that you can close this page and come back. It goes when you delete this run.",
} as const;

/** In the place of `problemWords`. */
export const pictureProblemWords = {
  chooseOther: "Choose another folder",
  labelsText:
    "They are in the folder “{label}”, or in others like it. Leave these out, or say what their folders mean.",
  labelsTextOne: "It is in the folder “{label}”. Leave it out, or say what its folder means.",
  largeTitle: "This folder is larger than this device can read",
  emptyTitle: "There is nothing in this folder to learn from",
  brokenTitleFile: "We cannot read this folder",
  brokenText: "{reason}. Nothing was changed in it. Mend it, or choose another folder.",
  kindTitle: "This run needs a folder",
  kindText:
    "{file} is a file. Sort your {subjects} into folders that are called as the labels are, and choose the folder around them.",
  copyTitle: "Choose your folder once more",
  copyChoose: "Choose the folder",
  noneTitle: "We found no pictures where they should be",
  noneText:
    "In {file} there should be a folder for each label, with its {subjects} in it. Choose the folder right above those.",
  picturesTitle: "{count} files cannot be read as pictures",
  picturesTitleOne: "One file cannot be read as a picture",
  picturesText:
    "{files}. Nothing was changed in them. Mend them or take them out, then choose the folder again.",
  picturesMore: "{files} and {more} more",
} as const;

/** Trying the model. */
export const pictureTryWords = {
  text: "The picture that you choose is read in this browser. It is not sent, and not kept.",
  do: "Choose a {subject}",
  failed: "The model could not read this picture.",
  chosen: "The {subject} that you chose",
} as const;
