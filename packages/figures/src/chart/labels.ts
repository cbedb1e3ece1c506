/** Labels at the ends of lines: each as near to its line as it can be without touching another one. */

/** A label that wants a place. */
export interface WantedLabel {
  /** Left edge and width in px; labels that do not meet sideways do not push each other. */
  readonly x: number;
  readonly width: number;
  /** Where its middle wants to be, px from the top. */
  readonly y: number;
  /** In px; 17 for a line of 12 px text. */
  readonly height: number;
}

/**
 * Middles for labels, in the order that they were given: none overlaps another one, the sum of squares of how far they move is
 * least, and they stay between `top` and `bottom`. Where there is no room for all they run out below: none is left out.
 */
export function placeLabels(labels: readonly WantedLabel[], top: number, bottom: number): number[] {
  const middles = labels.map((label) => label.y);
  for (const group of groupsSideways(labels)) {
    const own = group.map((index) => ({ index, ...at(labels, index) }));
    own.sort((a, b) => a.y - b.y || a.index - b.index);
    // With the heights above taken off, "no overlap" is "not descending".
    let above = 0;
    const wanted = own.map(({ y, height }) => {
      above += height;
      return y + height / 2 - above;
    });
    const most = Math.max(top, bottom - above);
    let offset = 0;
    ascending(wanted).forEach((start, i) => {
      const { index = 0, height = 0 } = own[i] ?? {};
      middles[index] = Math.min(Math.max(start, top), most) + offset + height / 2;
      offset += height;
    });
  }
  return middles;
}

/** The nearest sequence that does not descend, in squares: neighbours that would are pooled to their mean. */
function ascending(values: readonly number[]): number[] {
  const pools: { mean: number; count: number }[] = [];
  for (const value of values) {
    let last = { mean: value, count: 1 };
    for (let before = pools.at(-1); before !== undefined; before = pools.at(-1)) {
      if (before.mean <= last.mean) break;
      pools.pop();
      const count = before.count + last.count;
      last = { mean: (before.mean * before.count + last.mean * last.count) / count, count };
    }
    pools.push(last);
  }
  return pools.flatMap(({ mean, count }) => Array<number>(count).fill(mean));
}

/** Sets of labels whose horizontal extents are joined by overlaps. */
function groupsSideways(labels: readonly WantedLabel[]): number[][] {
  const order = labels.map((_, i) => i).sort((a, b) => at(labels, a).x - at(labels, b).x);
  const groups: number[][] = [];
  let reach = -Infinity;
  for (const index of order) {
    const { x, width } = at(labels, index);
    if (x < reach) groups.at(-1)?.push(index);
    else groups.push([index]);
    reach = Math.max(reach, x + width);
  }
  return groups;
}

function at(labels: readonly WantedLabel[], index: number): WantedLabel {
  const label = labels[index];
  if (label === undefined) throw new RangeError(`There is no label ${String(index)}`);
  return label;
}
