/** What may be wrong with a folder of pictures alone. */
import { formatCount } from "@fedtune/figures";
import type { FileProblem, Invitation } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { pictureProblemWords as words } from "../words/pictures.ts";
import type { ProblemView } from "./file-problems.ts";
import { runSlots } from "./run-words.ts";

/** Problems that tables do not have. */
export type PictureProblem = Extract<
  FileProblem,
  { readonly kind: "no-pictures" | "pictures-broken" }
>;

/** One in words; the way out is another choice. */
export function pictureProblemView(problem: PictureProblem, invitation: Invitation): ProblemView {
  const { kind } = problem;
  const offers = [{ kind: "choose-file", button: words.chooseOther }] as const;
  if (problem.kind === "no-pictures") {
    const text = fill(words.noneText, { ...runSlots(invitation), file: problem.name });
    return { kind, title: words.noneTitle, text, offers };
  }
  const { count, pictures } = problem;
  const named = pictures.map(({ path }) => path).join(", ");
  const more = count - pictures.length;
  const files =
    more === 0 ? named : fill(words.picturesMore, { files: named, more: formatCount(more) });
  const title =
    count === 1 ? words.picturesTitleOne : fill(words.picturesTitle, { count: formatCount(count) });
  return { kind, title, text: fill(words.picturesText, { files }), offers };
}
