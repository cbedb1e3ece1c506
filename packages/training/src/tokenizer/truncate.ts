/** Truncation as HuggingFace's tokenizers do it under the name `longest_first`. */

/**
 * How many tokens of each text stay when both together may have `room`: the longer one is cut first, then both to
 * equal halves, where an odd token goes to the longer text (to the second when they are equal).
 */
export function longestFirst(
  first: number,
  second: number,
  room: number,
): readonly [first: number, second: number] {
  if (first + second <= room) return [first, second];
  const [short, long] = first > second ? [second, first] : [first, second];
  const half = Math.floor(room / 2);
  const [keptShort, keptLong] =
    short <= half ? [short, Math.min(long, room - short)] : [half, room - half];
  return first > second ? [keptLong, keptShort] : [keptShort, keptLong];
}
