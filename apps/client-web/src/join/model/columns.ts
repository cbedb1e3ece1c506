/** What columns of a data file hold, in words. */
import type { ColumnRole } from "../../participant/index.ts";
import { fileWords } from "../words/file.ts";

/** What each role is called. */
export const roleNames: Readonly<Record<ColumnRole, string>> = {
  text: fileWords.text,
  textPair: fileWords.textPair,
  label: fileWords.label,
  prompt: fileWords.prompt,
  completion: fileWords.completion,
  messages: fileWords.messages,
};
