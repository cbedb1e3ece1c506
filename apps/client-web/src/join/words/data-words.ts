/** Words about a holder's data, as a run reads it: a table, or a folder of pictures. */
import { fileWords, problemWords } from "./file.ts";
import { pictureFileWords, pictureProblemWords } from "./pictures.ts";

/** Texts of step 2. */
export type FileWords = Readonly<Record<keyof typeof fileWords, string>>;
/** Texts about what may be wrong. */
export type ProblemWords = Readonly<
  Record<keyof typeof problemWords | keyof typeof pictureProblemWords, string>
>;

const ofPictures: FileWords = { ...fileWords, ...pictureFileWords };
const aboutPictures: ProblemWords = { ...problemWords, ...pictureProblemWords };
const aboutTables: ProblemWords = { ...pictureProblemWords, ...problemWords };

/** Step 2. */
export const fileWordsOf = (arePictures: boolean): FileWords =>
  arePictures ? ofPictures : fileWords;

/** What may be wrong. */
export const problemWordsOf = (arePictures: boolean): ProblemWords =>
  arePictures ? aboutPictures : aboutTables;
