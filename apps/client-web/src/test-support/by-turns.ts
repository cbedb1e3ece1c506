/** What is tried in one of several ways: every way of every thing in the full tests, the ways by turns in the short ones. */
export function byTurns<Way, Thing>(
  ways: readonly Way[],
  things: readonly Thing[],
): readonly { readonly way: Way; readonly things: readonly Thing[] }[] {
  const isFull = process.env["TESTS"] === "full";
  return ways.map((way, turn) => ({
    way,
    things: isFull ? things : things.filter((_, at) => at % ways.length === turn),
  }));
}
